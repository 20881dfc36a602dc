#include "ledger/left_slices.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>

#include "core/join.h"
#include "ledger/slice_windows.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::size_t kNamed = 20;  // slices that warnings name one by one
constexpr Millis kPatience{10'000};

constexpr std::string_view left_slices_sql = R"(
SELECT s.id, s.run_id, s.key, s.params, coalesce(s.error, s.moved, ''), s.stream, s.is_child, coalesce(s.split_from, '')
FROM {s}.run r JOIN {s}.slice s ON s.run_id = r.id
WHERE r.pipeline = {pipeline} AND r.id <> {run} AND s.state IN ('open', 'failed') AND s.taken_over_by IS NULL
  AND NOT EXISTS (SELECT FROM {s}.worker w WHERE w.run_id = r.id AND w.stopped_at IS NULL AND NOT {dead})
ORDER BY r.id DESC, s.id)";

constexpr std::string_view taken_over_sql =
    "UPDATE {s}.slice SET taken_over_by = {run} WHERE id = ANY ({ids})";

constexpr std::string_view abandon_sql = R"(
WITH closed AS (
    UPDATE {s}.slice SET state = 'abandoned', abandoned = {why} || coalesce(' (' || error || ')', ''), error = NULL
    WHERE id = ANY ({ids}) RETURNING id)
DELETE FROM {s}.page p USING closed c WHERE p.slice_id = c.id AND p.state <> 'done')";

constexpr std::string_view give_up_run_sql = R"(
UPDATE {s}.pipeline_lock SET run_id = NULL, expires_at = {s}.clock() WHERE pipeline = {pipeline} AND run_id = {given_up};
UPDATE {s}.run SET state = 'superseded', finished_at = {s}.clock() WHERE id = {given_up} AND state = 'running';
DELETE FROM {s}.run_key k USING {s}.run r WHERE r.id = {given_up} AND r.state = 'superseded' AND k.run_id = r.id)";

std::vector<std::string> names_of(const std::string& params) {
    std::vector<std::string> names;
    const auto object = nlohmann::json::parse(params, nullptr, false);
    for (const auto& [name, value] : object.items())
        names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

/// The first of them one by one, the rest by their number.
void say(std::vector<std::string>& warnings, std::vector<std::string> lines, const std::string& of_the_rest) {
    const std::size_t named = std::min(lines.size(), kNamed);
    std::move(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(named),
              std::back_inserter(warnings));
    if (lines.size() > named) warnings.push_back(std::to_string(lines.size() - named) + of_the_rest);
}

}  // namespace

std::vector<LeftSlice> left_slices(postgres::Connection& connection, const Scope& scope) {
    const auto rows =
        connection.exec(fill(left_slices_sql, scope, {{"dead", dead_condition("w", scope, true)}}));
    std::vector<LeftSlice> left;
    for (std::size_t i = 0; i < rows.size(); ++i)
        left.push_back({.id = rows.integer(i, 0),
                        .run = rows.integer(i, 1),
                        .key = rows.text(i, 2),
                        .params = rows.text(i, 3),
                        .stream = rows.text(i, 5),
                        .is_child = rows.boolean(i, 6),
                        .why = rows.text(i, 4),
                        .split_from = rows.text(i, 7)});
    return left;
}

Carried carry_over(const std::vector<PlannedSlice>& planned, const std::vector<LeftSlice>& left,
                   const ParametersByStream& parameters) {
    Carried carried;
    if (left.empty()) return carried;
    std::unordered_set<std::string_view> covered;
    SliceWindows windows;
    for (const PlannedSlice& slice : planned) {
        covered.insert(slice.key);
        windows.add(slice.stream, slice.params);
    }
    std::vector<std::string> taken;
    std::vector<std::string> stay;
    for (const LeftSlice& slice : left) {
        const std::string run = std::to_string(slice.run);
        const auto stream = parameters.find(slice.stream);
        const bool is_pulled = stream != parameters.end();
        const bool is_planned = covered.contains(slice.key) || covered.contains(slice.split_from);
        const bool has_dimensions = is_pulled && names_of(slice.params) == stream->second;
        // In other steps than then: pulled beside those, each row of both would be there, or belong, twice.
        const auto shared =
            is_planned ? SliceWindows::Shared::nothing : windows.shared(slice.stream, slice.params);
        if (!is_planned && (!has_dimensions || shared == SliceWindows::Shared::a_part)) {
            stay.push_back("slice " + slice.key + " of run " + run + " is not pulled to its end, and " +
                           (has_dimensions         ? "other slices ask for a part of its window now"
                            : is_pulled            ? "source.slices has other dimensions now"
                            : slice.stream.empty() ? "it is of no stream, which all are now"
                                                   : "its stream is not pulled now") +
                           ": `pagehaul abandon \"" + slice.key + "\" --why TEXT` closes it");
            continue;
        }
        carried.taken_over.push_back(slice.id);
        if (is_planned || shared == SliceWindows::Shared::all) continue;
        covered.insert(slice.key);
        windows.add(slice.stream, slice.params);
        carried.more.push_back({.key = slice.key,
                                .params = slice.params,
                                .stream = slice.stream,
                                .is_child = slice.is_child,
                                .split_from = slice.split_from});
        carried.more_from.push_back(slice.run);
        taken.push_back("slice " + slice.key + " carried over from run " + run + ", which did not finish it");
    }
    say(carried.warnings, std::move(taken), " more slices carried over");
    say(carried.warnings, std::move(stay), " more slices are left so: see `pagehaul status`");
    return carried;
}

void note_taken_over(postgres::Connection& connection, const Scope& scope,
                     const std::vector<std::int64_t>& ids) {
    if (!ids.empty()) connection.exec(fill(taken_over_sql, scope, {{"ids", bigint_array(ids)}}));
}

void abandon_slices(postgres::Connection& connection, const Scope& scope,
                    const std::vector<std::int64_t>& ids, const std::string& why) {
    if (!ids.empty())
        connection.exec(fill(abandon_sql, scope, {{"ids", bigint_array(ids)}, {"why", text_literal(why)}}));
}

std::variant<Abandoned, NothingLeft> abandon(postgres::Connection& connection, const Scope& scope,
                                             std::string_view what, const std::string& why) {
    if (!begin_exclusive(connection, scope, kPatience))
        throw Failure(ErrorKind::fenced, "pipeline", "a run of pipeline " + scope.pipeline + " is at work");
    try {
        Abandoned abandoned;
        std::vector<std::int64_t> ids;
        bool is_run = false;
        for (const LeftSlice& slice : left_slices(connection, scope)) {
            const bool of_run = std::to_string(slice.run) == what;
            if (!of_run && slice.key != what) continue;
            is_run = is_run || of_run;
            ids.push_back(slice.id);
            abandoned.slices.push_back(slice.key + " of run " + std::to_string(slice.run));
        }
        if (ids.empty()) {
            connection.rollback();
            return NothingLeft{};
        }
        abandon_slices(connection, scope, ids, why);
        if (is_run) connection.exec(fill(give_up_run_sql, scope, {{"given_up", std::string(what)}}));
        connection.commit();
        return abandoned;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace pagehaul::ledger
