#include "engine/write/growing_targets.h"

#include <algorithm>
#include <set>

#include "core/join.h"
#include "log/log.h"
#include "sink/added_columns.h"

namespace pagehaul::engine {
namespace {

bool grows(const Targets::Target& target) {
    return (target.upsert || target.staging) && target.sink.undeclared == config::Undeclared::add_column;
}

std::vector<std::string> fields_of(const std::vector<FetchedPage*>& pages, std::string_view stream) {
    std::set<std::string> names;
    for (const FetchedPage* page : pages)
        if (page->result.claim.stream == stream)
            names.insert(page->undeclared.begin(), page->undeclared.end());
    return {names.begin(), names.end()};
}

}  // namespace

void GrowingTargets::make_room(postgres::Connection& connection, const std::vector<FetchedPage*>& pages) {
    for (const Targets::Target& target : targets_.all()) {
        if (!grows(target)) continue;
        const std::vector<std::string> fields = fields_of(pages, target.stream);
        const auto known = grown_.find(target.stream);
        const auto has = [&](const std::string& field) {
            const std::vector<std::string>& columns = known->second.columns;
            return std::find(columns.begin(), columns.end(), field) != columns.end();
        };
        if (known != grown_.end() && std::all_of(fields.begin(), fields.end(), has)) continue;
        sink::AddedColumns added = sink::add_columns(connection, target.sink, fields);
        if (!added.now.empty())
            log::warn("the table is given columns for fields that no column reads",
                      {{"table", target.sink.schema + "." + target.sink.table},
                       {"columns", join(added.now, ", ")}});
        Grown& grown = grown_[target.stream];
        grown.upsert.reset();
        if (target.upsert) grown.upsert.emplace(targets_.upsert_with(target, added.all));
        grown.columns = std::move(added.all);
    }
}

const sink::Upsert& GrowingTargets::upsert_of(const Targets::Target& target) const {
    const auto grown = grown_.find(target.stream);
    return grown == grown_.end() ? *target.upsert : *grown->second.upsert;
}

}  // namespace pagehaul::engine
