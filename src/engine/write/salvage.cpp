#include "engine/write/salvage.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/shared/job_log.h"
#include "ledger/commit.h"
#include "record/copy_text.h"

namespace pagehaul::engine {
namespace {

/// Opens the transaction, or throws Failure(fenced). @return whether the page is still ours; rolled back
/// where not. A deferred constraint is checked row by row here: at the COMMIT it would not say which row it
/// refuses.
bool begin(postgres::Connection& connection, const Context& context, const FetchedPage& page) {
    const auto ours = ledger::begin_commit(connection, context.scope, {page.result.claim});
    if (!ours) throw Failure(ErrorKind::fenced, "", "another run owns the pipeline now");
    if (!ours->front()) {
        connection.rollback();
        return false;
    }
    connection.exec("SET CONSTRAINTS ALL IMMEDIATE");
    return true;
}

}  // namespace

std::string row_as_json(const config::Sink& sink, std::string_view line) {
    const auto fields = record::copy_fields(line);
    nlohmann::ordered_json row = nlohmann::ordered_json::object();
    // The first field is the row's place.
    for (std::size_t i = 1; i < fields.size() && i <= sink.columns.size(); ++i) {
        nlohmann::ordered_json& value = row[sink.columns[i - 1].name];
        if (fields[i]) value = *fields[i];
    }
    // The last one what no column reads.
    if (sink.undeclared == config::Undeclared::add_column && fields.size() == sink.columns.size() + 2 &&
        fields.back()) {
        const auto rest = nlohmann::ordered_json::parse(*fields.back(), nullptr, false);
        if (rest.is_object())
            row.update(rest);
        else
            row["undeclared"] = *fields.back();
    }
    return row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::int64_t> salvage_page(postgres::Connection& connection, Context& context,
                                         const config::Sink& sink, const StoreRow& store, FetchedPage& page,
                                         std::vector<ledger::Claim>& heads) {
    if (!begin(connection, context, page)) return std::nullopt;
    const std::vector<std::string_view> lines = record::copy_lines(page.copy);
    std::vector<record::BadRow> refused;
    std::string first_reason;
    bool all_alike = true;
    std::int64_t changed = 0;
    const auto refuse = [&](std::string_view line, const std::string& why) {
        refused.push_back({record::row_of(line), log::redacted(why),
                           log::excerpt(row_as_json(sink, line), record::kLongestPayload)});
    };
    for (const std::string_view line : lines) {
        connection.exec("SAVEPOINT row");
        try {
            changed += store(connection, line);
            connection.exec("RELEASE SAVEPOINT row");
        } catch (const postgres::SqlError& failure) {
            if (!failure.is_data() || failure.is_unique_violation()) throw;
            connection.exec("ROLLBACK TO SAVEPOINT row; RELEASE SAVEPOINT row");
            const std::string& reason = failure.error().message;
            if (refused.empty()) first_reason = reason;
            all_alike = all_alike && reason == first_reason;
            refuse(line, "the table refuses the row: " + reason +
                             (failure.details().empty() ? "" : "; " + failure.details()));
        }
    }
    if (refused.size() >= kMinAlike && refused.size() == lines.size() && all_alike) {
        connection.rollback();
        throw Failure(ErrorKind::data, "sink.columns",
                      "every row of a page meets the same error: " + first_reason);
    }
    if (refused.size() > kMaxRefusedRows) {
        // The page as a whole is suspect: none of its rows is stored.
        connection.rollback();
        if (!begin(connection, context, page)) return std::nullopt;
        refused.clear();
        changed = 0;
        for (const std::string_view line : lines) {
            refuse(line, "its page was quarantined whole: more than " + std::to_string(kMaxRefusedRows) +
                             " rows refused, the first by: " + first_reason);
        }
    }
    ledger::PageResult result = page.result;
    result.stored -= static_cast<std::int32_t>(refused.size());
    result.bad.insert(result.bad.end(), refused.begin(), refused.end());
    heads = ledger::complete(connection, context.scope, context.policies, {&result});
    connection.commit();
    log_job(log::Level::warn, "rows quarantined", result.claim, page.span,
            {{"rows", refused.size()}, {"cause", first_reason}});
    page.result = std::move(result);
    return changed;
}

}  // namespace pagehaul::engine
