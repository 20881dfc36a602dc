#include "engine/write/salvage.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/shared/job_log.h"
#include "ledger/commit.h"

namespace pagehaul::engine {
namespace {

std::vector<std::string_view> lines_of(std::string_view copy) {
    std::vector<std::string_view> lines;
    while (!copy.empty()) {
        const std::size_t end = copy.find('\n') + 1;
        lines.push_back(copy.substr(0, end));
        copy.remove_prefix(end);
    }
    return lines;
}

std::string unescaped(std::string_view field) {
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (field[i] != '\\' || i + 1 == field.size()) {
            text += field[i];
            continue;
        }
        switch (field[++i]) {
            case 't':
                text += '\t';
                break;
            case 'n':
                text += '\n';
                break;
            case 'r':
                text += '\r';
                break;
            case 'b':
                text += '\b';
                break;
            case 'f':
                text += '\f';
                break;
            case 'v':
                text += '\v';
                break;
            default:
                text += field[i];
        }
    }
    return text;
}

/// begin_fenced, or a Failure. A deferred constraint is checked row by row here: at the COMMIT it would not
/// say which row it refuses.
void begin(postgres::Connection& connection, const Context& context) {
    if (!ledger::begin_fenced(connection, context.scope)) {
        throw Failure(ErrorKind::fenced, "", "another run owns the pipeline now");
    }
    connection.exec("SET CONSTRAINTS ALL IMMEDIATE");
}

}  // namespace

std::int32_t row_of(std::string_view copy_line) {
    std::int64_t position = 0;
    std::from_chars(copy_line.data(), copy_line.data() + copy_line.size(), position);
    return static_cast<std::int32_t>(position % (std::int64_t{1} << 20));
}

std::string row_as_json(const config::Sink& sink, std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    nlohmann::ordered_json row = nlohmann::ordered_json::object();
    std::size_t column = 0;
    bool first = true;
    while (true) {
        const std::size_t tab = line.find('\t');
        const std::string_view field = line.substr(0, tab);
        if (!first && column < sink.columns.size()) {
            if (field == "\\N") {
                row[sink.columns[column].name] = nullptr;
            } else {
                row[sink.columns[column].name] = unescaped(field);
            }
            ++column;
        }
        first = false;
        if (tab == std::string_view::npos) break;
        line.remove_prefix(tab + 1);
    }
    return row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::int64_t salvage_page(postgres::Connection& connection, Context& context, const sink::Upsert& upsert,
                          FetchedPage& page) {
    begin(connection, context);
    if (!ledger::lock_pages(connection, context.scope, {page.result.claim}).front()) {
        connection.rollback();
        return -1;
    }
    const std::vector<std::string_view> lines = lines_of(page.copy);
    std::vector<record::BadRow> refused;
    std::string first_reason;
    bool all_alike = true;
    std::int64_t changed = 0;
    for (const std::string_view line : lines) {
        connection.exec("SAVEPOINT row");
        try {
            upsert.stage(connection, {line});
            changed += upsert.merge(connection, false);
            upsert.clear(connection);
            connection.exec("RELEASE SAVEPOINT row");
        } catch (const postgres::SqlError& failure) {
            if (!failure.is_data() || failure.sqlstate() == "23505") throw;
            connection.exec("ROLLBACK TO SAVEPOINT row; RELEASE SAVEPOINT row");
            const std::string& reason = failure.error().message;
            if (refused.empty()) first_reason = reason;
            all_alike = all_alike && reason == first_reason;
            refused.push_back({row_of(line),
                               "the table refuses the row: " + reason +
                                   (failure.details().empty() ? "" : "; " + failure.details()),
                               row_as_json(context.config.sink, line)});
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
        begin(connection, context);
        if (!ledger::lock_pages(connection, context.scope, {page.result.claim}).front()) {
            connection.rollback();
            return -1;
        }
        refused.clear();
        changed = 0;
        for (const std::string_view line : lines) {
            refused.push_back({row_of(line),
                               "its page was quarantined whole: more than " +
                                   std::to_string(kMaxRefusedRows) +
                                   " rows refused, the first by: " + first_reason,
                               row_as_json(context.config.sink, line)});
        }
    }
    ledger::PageResult result = page.result;
    result.stored -= static_cast<std::int32_t>(refused.size());
    result.bad.insert(result.bad.end(), refused.begin(), refused.end());
    ledger::complete(connection, context.scope, context.policy, {&result});
    connection.commit();
    log_job(log::Level::warn, "rows quarantined", result.claim, page.span,
            {{"rows", refused.size()}, {"cause", first_reason}});
    page.result = std::move(result);
    return changed;
}

}  // namespace pagehaul::engine
