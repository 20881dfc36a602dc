#include "ledger/publish.h"

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/digest.h"
#include "ledger/slice_windows.h"
#include "ledger/statement.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger {
namespace {

// A run's name is in that of its tables, so that nothing needs to remember them.
constexpr std::string_view tables_sql = R"(
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {name} AND c.relkind = 'r' AND c.relname ~ '^staging_[0-9]+_[0-9a-f]+$'
  AND pg_has_role(c.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM {s}.run r
    WHERE r.id = split_part(c.relname, '_', 2)::bigint AND r.state = 'running')
ORDER BY c.relname)";

constexpr std::string_view stored_sql = R"(
SELECT slice_id, pass, sum(stored)::bigint FROM {s}.tally WHERE slice_id = ANY ({ids}) GROUP BY slice_id, pass)";

constexpr std::string_view note_sql = R"(
INSERT INTO {s}.published (pipeline, slice_key, params, run_id, rows)
VALUES ({pipeline}, {key}, {params}, {run}, {rows}) ON CONFLICT DO NOTHING)";
constexpr std::string_view noted_sql = R"(
SELECT params = {params} FROM {s}.published WHERE pipeline = {pipeline} AND stream = '' AND slice_key = {key})";

constexpr std::string_view published_sql = R"(
SELECT p.slice_key FROM unnest({keys}, {params}) v (key, params)
JOIN {s}.published p ON p.pipeline = {pipeline} AND p.stream = '' AND p.slice_key = v.key AND p.params = v.params
WHERE p.run_id <> {but_for})";

constexpr std::string_view others_published_sql = R"(
SELECT p.slice_key, p.params, p.run_id FROM {s}.published p
WHERE p.pipeline = {pipeline} AND p.stream = '' AND NOT p.slice_key = ANY ({keys}) ORDER BY p.run_id, p.slice_key)";

constexpr std::string_view as_role_sql =
    "SET LOCAL search_path TO DEFAULT; SET LOCAL jit TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT; SET "
    "LOCAL enable_bitmapscan TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO "
    "DEFAULT; SET LOCAL enable_sort TO DEFAULT";

/// Which of the streams a slice's key is of; nothing if of none.
std::optional<std::string> stream_of(const std::string& key, const std::set<std::string>& streams) {
    for (const std::string& stream : streams)
        if (stream.empty() || key.starts_with(stream + "/")) return stream;
    return std::nullopt;
}

/// The rows of a window that stand in the table already would come once more under another slice's key.
void refuse_other_steps(postgres::Connection& connection, const Scope& scope,
                        const std::vector<PlannedSlice>& slices, const std::set<std::string>& once,
                        const std::vector<std::string>& keys) {
    SliceWindows windows;
    for (const PlannedSlice& slice : slices)
        if (once.contains(slice.stream)) windows.add(slice.stream, slice.params);
    if (windows.empty()) return;
    const auto rows = connection.exec(fill(others_published_sql, scope, {{"keys", text_array(keys)}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string& key = rows.text(i, 0);
        const auto stream = stream_of(key, once);
        if (!stream || windows.shared(*stream, rows.text(i, 1)) == SliceWindows::Shared::nothing) continue;
        throw Failure(
            ErrorKind::config, "source.slices",
            "run " + rows.text(i, 2) + " has appended slice " + key +
                ", and slices with other bounds would append rows of its window once more; expected the "
                "steps of then, or windows that begin behind it");
    }
}

}  // namespace

void act_as_role(postgres::Connection& connection) {
    connection.exec(std::string(as_role_sql));
}

void act_as_ledger(postgres::Connection& connection) {
    connection.exec(std::string(by_catalog) + std::string(by_index));
}

std::string staging_table(const Scope& scope, std::string_view target) {
    return postgres::quote_identifier(scope.schema) + "." +
           postgres::quote_identifier("staging_" + std::to_string(scope.run) + "_" +
                                      sha256_hex(target).substr(0, 16));
}

void drop_staging(postgres::Connection& connection, const Scope& scope) {
    const auto tables = connection.exec(fill(tables_sql, scope, {{"name", text_literal(scope.schema)}}));
    for (std::size_t i = 0; i < tables.size(); ++i)
        connection.exec("DROP TABLE IF EXISTS " + postgres::quote_identifier(scope.schema) + "." +
                        postgres::quote_identifier(tables.text(i, 0)));
}

std::vector<std::int64_t> stored_rows(postgres::Connection& connection, const Scope& scope,
                                      const std::vector<Claim>& proofs) {
    std::vector<std::int64_t> ids;
    for (const Claim& proof : proofs)
        ids.push_back(proof.slice_id);
    const auto rows = connection.exec(fill(stored_sql, scope, {{"ids", bigint_array(ids)}}));
    std::vector<std::int64_t> stored(proofs.size(), 0);
    for (std::size_t row = 0; row < rows.size(); ++row)
        for (std::size_t i = 0; i < proofs.size(); ++i)
            if (proofs[i].slice_id == rows.integer(row, 0) && proofs[i].pass == rows.integer(row, 1))
                stored[i] = rows.integer(row, 2);
    return stored;
}

Published note_published(postgres::Connection& connection, const Scope& scope, const Claim& proof,
                         std::int64_t rows) {
    const auto sql = [&](std::string_view text) {
        return fill(text, scope,
                    {{"key", text_literal(proof.slice_key)},
                     {"params", text_literal(proof.slice_params)},
                     {"rows", std::to_string(rows)}});
    };
    if (connection.exec(sql(note_sql)).affected() == 1) return Published::now;
    return connection.exec(sql(noted_sql)).boolean(0, 0) ? Published::before : Published::otherwise;
}

std::vector<PlannedSlice> unpublished(postgres::Connection& connection, const Scope& scope,
                                      const std::vector<PlannedSlice>& slices,
                                      const std::set<std::string>& once, std::int64_t but_for) {
    std::vector<std::string> keys, params;
    for (const PlannedSlice& slice : slices) {
        if (!once.contains(slice.stream)) continue;
        keys.push_back(slice.key);
        params.push_back(slice.params);
    }
    if (keys.empty()) return slices;
    const auto rows = connection.exec(fill(
        published_sql, scope,
        {{"keys", text_array(keys)}, {"params", text_array(params)}, {"but_for", std::to_string(but_for)}}));
    std::set<std::string> published;
    for (std::size_t i = 0; i < rows.size(); ++i)
        published.insert(rows.text(i, 0));
    std::vector<PlannedSlice> left;
    for (const PlannedSlice& slice : slices)
        if (!published.contains(slice.key)) left.push_back(slice);
    refuse_other_steps(connection, scope, left, once, keys);
    return left;
}

}  // namespace pagehaul::ledger
