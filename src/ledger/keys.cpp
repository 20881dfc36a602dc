#include "ledger/keys.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "ledger/key_count.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view fetched_sql = R"(
SELECT coalesce(sum(t.fetched), 0)::bigint FROM {s}.slice s JOIN {s}.tally t ON t.slice_id = s.id AND t.pass = s.pass
WHERE s.id = ANY ({ids}))";
constexpr std::string_view keys_of_slices_sql = R"(
SELECT k.slice_id, k.keys FROM {s}.slice s JOIN {s}.page_keys k ON k.slice_id = s.id AND k.pass = s.pass
WHERE s.id = ANY ({ids}))";
// A proven slice never changes again, so this needs no lock; only the pass that proved it counts.
constexpr std::string_view all_keys_sql = R"(
SELECT 0::bigint, k.keys FROM {s}.slice s JOIN {s}.page_keys k ON k.slice_id = s.id AND k.pass = s.pass
WHERE s.run_id = {run} AND s.state = 'proven' AND s.stream = {stream})";

// Of a binary cursor: as text the keys would be twice as long.
constexpr std::string_view open_sql =
    "DECLARE pagehaul_keys NO SCROLL BINARY CURSOR FOR {query}; FETCH {count} FROM pagehaul_keys";
constexpr std::string_view more_sql = "FETCH {count} FROM pagehaul_keys";
constexpr std::string_view close_sql = "CLOSE pagehaul_keys";
/// A row has a commit's keys of a slice: tens of them, or tens of thousands.
constexpr std::size_t first_rows = 8, most_rows = 4096;
constexpr std::size_t bytes_at_once = 256 * 1024;

/// The rows of `query`, (group, packed keys), some at a time: each a statement of its own, so that the time
/// limit of statements is no limit of how many keys there are.
void read_keys(postgres::Connection& connection, const Scope& scope, const std::string& query,
               const TakeKeys& take) {
    std::size_t wanted = first_rows;
    const auto fetch = [&](std::string_view sql) {
        return connection.exec(fill(sql, scope, {{"query", query}, {"count", std::to_string(wanted)}}));
    };
    bool go_on = true;
    for (postgres::Rows rows = fetch(open_sql); go_on && !rows.empty(); rows = fetch(more_sql)) {
        std::size_t bytes = 1;
        for (std::size_t i = 0; i < rows.size() && go_on; ++i) {
            const std::string& keys = rows.text(i, 1);
            bytes += keys.size();
            go_on = take(unpack_key(rows.text(i, 0)), keys);
        }
        if (rows.size() < wanted) break;
        wanted = std::clamp(bytes_at_once * rows.size() / bytes, first_rows, most_rows);
    }
    connection.exec(std::string(close_sql));
}

std::unordered_map<std::int64_t, std::int64_t> count(postgres::Connection& connection, const Scope& scope,
                                                     const std::string& query, std::int64_t about) {
    return count_distinct(about, [&](const TakeKeys& take) { read_keys(connection, scope, query, take); });
}

}  // namespace

std::unordered_map<std::int64_t, std::int64_t> count_keys(postgres::Connection& connection,
                                                          const Scope& scope,
                                                          const std::vector<std::int64_t>& ids) {
    if (ids.empty()) return {};
    const auto slices = bigint_array(ids);
    const auto fetched = connection.exec(fill(fetched_sql, scope, {{"ids", slices}})).integer(0, 0);
    return count(connection, scope, fill(keys_of_slices_sql, scope, {{"ids", slices}}), fetched);
}

void read_keys_of(postgres::Connection& connection, const Scope& scope, std::int64_t slice,
                  const TakeKeys& take) {
    read_keys(connection, scope, fill(keys_of_slices_sql, scope, {{"ids", bigint_array({slice})}}), take);
}

std::int64_t count_all_keys(postgres::Connection& connection, const Scope& scope, const std::string& stream,
                            std::int64_t about) {
    const auto counts =
        count(connection, scope, fill(all_keys_sql, scope, {{"stream", text_literal(stream)}}), about);
    return counts.empty() ? 0 : counts.begin()->second;
}

}  // namespace pagehaul::ledger
