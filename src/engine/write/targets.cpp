#include "engine/write/targets.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"
#include "ledger/publish.h"

namespace pagehaul::engine {

std::optional<sink::Staging> staging_of(const ledger::Scope& scope, const config::Sink& sink) {
    if (!config::is_staged(sink.mode)) return std::nullopt;
    return sink::Staging(sink, ledger::staging_table(scope, sink.schema + "." + sink.table));
}

Targets::Targets(const std::vector<config::Stream>& streams, const ledger::Scope& scope,
                 const std::set<std::string>& row_triggers) {
    for (const config::Stream& stream : streams) {
        all_.push_back({.stream = stream.name, .sink = stream.sink});
        if (!stream.stored) continue;
        Target& target = all_.back();
        target.staging = staging_of(scope, stream.sink);
        target.checks = row_triggers.contains(stream.name);
        target.nth = static_cast<int>(all_.size());
        if (!target.staging) target.upsert.emplace(stream.sink, target.checks, target.nth);
    }
}

Targets::Targets(const config::Sink& sink, std::optional<sink::Staging> staging) {
    all_.push_back({.stream = {}, .sink = sink, .staging = std::move(staging)});
    if (!all_.back().staging) all_.back().upsert.emplace(sink);
}

sink::Upsert Targets::upsert_with(const Target& target, const std::vector<std::string>& added) const {
    return sink::Upsert(target.sink, target.checks, target.nth, added);
}

const Targets::Target& Targets::of(std::string_view stream) const {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const Target& one) { return one.stream == stream; });
    if (found == all_.end())
        throw Failure(ErrorKind::bug, "engine", "a page of the unknown stream " + std::string(stream));
    return *found;
}

}  // namespace pagehaul::engine
