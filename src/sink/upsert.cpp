#include "sink/upsert.h"

#include "core/join.h"
#include "postgres/quoting.h"
#include "record/copy_text.h"
#include "sink/added_columns.h"
#include "sink/columns.h"

// COPY to a temp table, then into the target in key order. Measured (two cores, PostgreSQL 15 with Debian's
// settings, 300,000 new rows of 21 columns, three-column key, batches of 30 pages; CPU of the backends, which
// repeats where wall time on a shared machine does not; plain COPY into the keyed table is 2.1 s):
//   INSERT … ON CONFLICT for every row 3.8 s; the plain INSERT below first 2.5 s. A speculative insertion
//   looks each row up twice and writes a second WAL record. Emptying the temp table by ON COMMIT DELETE ROWS
//   3.8 s and no dead catalog rows; by TRUNCATE 3.7 s and three dead rows in pg_class a commit; by DELETE
//   4.7 s; dropped and made again each time 3.9 s and dead rows in pg_attribute. An unlogged table with
//   TRUNCATE: 4.2 s. Without ORDER BY 0.1 s less at best, and concurrent writers would deadlock. More
//   work_mem and temp_buffers, and prepared statements: no difference at 1,000 to 5,000 rows a batch.

namespace pagehaul::sink {
namespace {

using postgres::quote_identifier;

std::string staging_name(int nth) {
    return "pagehaul_staging" + (nth == 1 ? "" : "_" + std::to_string(nth));
}

// These statements run the target's triggers, so the role's search_path is as its owner set it (README, "The
// database"), and what is meant of PostgreSQL is named in full: a function or an operator that somebody made
// in a schema of that path may fit a call better, and would run with our rights.
constexpr const char* equals = " OPERATOR(pg_catalog.=) ";

/// Two values of a column as its comparison sees them. citext and nondeterministic collations call different
/// texts equal, and json has no equality of its own: without the casts a change would be lost, or an error.
/// For text, varchar and jsonb columns the casts cost nothing.
std::string comparable(const std::string& field, const config::Column& column) {
    if (column.type == config::ColumnType::text)
        return field + "::pg_catalog.text" + (column.array ? "[]" : "") + " COLLATE pg_catalog.\"C\"";
    if (column.type == config::ColumnType::jsonb) return field + "::pg_catalog.jsonb";
    return field;
}

/// IS DISTINCT FROM, which finds its operator by the search_path and cannot be told otherwise.
std::string is_distinct(const std::string& left, const std::string& right, const config::Column& column) {
    return "(" + comparable(left, column) + equals + comparable(right, column) + ") IS NOT TRUE AND (" +
           left + " IS NOT NULL OR " + right + " IS NOT NULL)";
}

std::string take_new(const std::string& column) {
    return column + " = excluded." + column;
}

/// Whether two rows of one key differ, as SQL.
std::string differs(const config::Sink& sink, const std::string& left, const std::string& right) {
    std::vector<std::string> differing;
    for (const config::Column& column : sink.columns) {
        // That another run pulled the row is no change of it.
        if (is_key(sink, column.name) || column.of_run) continue;
        const std::string field = "." + quote_identifier(column.name);
        differing.push_back(is_distinct(left + field, right + field, column));
    }
    return differing.empty() ? "false" : join(differing, " OR ");
}

/// Whether the row `now` is to take the place of the target's row `was`, as SQL.
std::string replaces(const config::Sink& sink, const std::string& was, const std::string& now) {
    std::string changed = differs(sink, was, now);
    if (sink.vanished == config::Vanished::mark)
        changed += " OR " + was + "." + quote_identifier(config::kVanishedColumn) + " IS NOT NULL";
    if (!sink.version) return changed;
    const std::string field = "." + quote_identifier(*sink.version);
    return "(" + changed + ") AND NOT (" + was + field + " IS NOT NULL AND (" + now + field + " IS NULL OR " +
           now + field + " OPERATOR(pg_catalog.<) " + was + field + "))";
}

std::string on_conflict(const config::Sink& sink) {
    std::vector<std::string> assignments;
    for (const config::Column& column : sink.columns)
        if (!is_key(sink, column.name)) assignments.push_back(take_new(quote_identifier(column.name)));
    if (sink.vanished == config::Vanished::mark)
        assignments.push_back(quote_identifier(config::kVanishedColumn) + " = NULL");
    // Not MERGE: beside writers that insert the same key it fails with a unique violation.
    const std::string target = " ON CONFLICT (" + name_list(sink.key) + ") DO ";
    if (assignments.empty()) return target + "NOTHING";
    // For what another writer made equal since the statement began: neither written nor counted.
    return target + "UPDATE SET " + join(assignments, ", ") + " WHERE " + replaces(sink, "t", "excluded");
}

std::string matches(const config::Sink& sink) {
    return join(sink.key, " AND ", [](const std::string& key) {
        return "t." + quote_identifier(key) + equals + "p." + quote_identifier(key);
    });
}

/// `what` of the target's row with a staged row's key, NULL where there is none. A subquery for a value is
/// never made a join: the planner knows nothing of a staging table just filled, and might read the whole
/// target once a commit. So it looks up each key in the index.
std::string looked_up(const config::Sink& sink, const std::string& what) {
    return "(SELECT " + what + " FROM " + qualified_name(sink) + " t WHERE " + matches(sink) + ")";
}

}  // namespace

Upsert::Upsert(const config::Sink& declared, bool checks, int nth, const std::vector<std::string>& added)
    : keeps_staging_(!declared.pgbouncer),
      checks_(checks),
      may_copy_(!checks && declared.undeclared != config::Undeclared::add_column),
      staging_("pg_temp." + staging_name(nth)) {
    const config::Sink sink = with_columns(declared, added);
    const std::string target = qualified_name(sink);
    const std::string columns = column_list(sink);
    const std::string sent = column_list(declared);
    const std::string keys = name_list(sink.key);
    const std::string position = free_name(sink, "_pos");

    // Of the target's own types, so that what does not fit fails in COPY, and without its constraints.
    // Behind a pooler the next transaction may have another session: there the table goes with its own.
    create_staging_ = "CREATE TEMP TABLE IF NOT EXISTS " + staging_name(nth) + " ON COMMIT " +
                      std::string(keeps_staging_ ? "DELETE ROWS" : "DROP") +
                      " AS SELECT NULL::pg_catalog.int8 AS " + position + ", " + sent +
                      undeclared_in_staging(declared) + " FROM " + target + " WITH NO DATA";
    clear_staging_ = "DELETE FROM " + staging_;
    const std::string staged = spread(declared, staging_, added);
    target_ = target + " (" + columns + ")";

    // Every 32nd row of each page, the first one always, is looked up; one that exists makes the statement
    // insert nothing (a one-time filter of the plan). That tells a first pull from a later one almost for
    // free.
    const std::string unless_known = " WHERE NOT EXISTS (SELECT FROM " + staging_ + " p WHERE p." + position +
                                     " OPERATOR(pg_catalog.%) 32 OPERATOR(pg_catalog.=) 0 AND " +
                                     looked_up(sink, "true") + ")";
    missing_ = "SELECT 1 FROM " + staging_ + " p WHERE " + looked_up(sink, "true") + " IS NULL LIMIT 1";
    const std::string into = "INSERT INTO " + target + " AS t (" + columns + ") ";
    const std::string each = "SELECT " + columns + " FROM " + staged;
    // ON CONFLICT refuses a key that comes twice in its own statement (21000).
    const std::string last_of_each =
        "SELECT DISTINCT ON (" + keys + ") " + columns + " FROM " + staged + " p";
    // Key order is the same for all writers: whoever waits for a row holds only smaller keys, so nobody
    // deadlocks.
    const std::string ordered = " ORDER BY " + keys;
    const std::string newest =
        sink.version ? ", " + quote_identifier(*sink.version) + " DESC NULLS LAST" : std::string();
    const std::string last_first = ordered + newest + ", " + position + " DESC";

    const std::string guarded = "SAVEPOINT pagehaul_insert; " + into;
    insert_ = guarded + each + " p" + unless_known + ordered;
    insert_repeating_ = guarded + last_of_each + unless_known + last_first;

    // Thousands of lookups look expensive enough to the planner to compile them first, longer than they take.
    const std::string merging = "SET LOCAL jit = off; " + into;
    const std::string differing = replaces(sink, "t", "p");
    // Rows that are equal already are left out before the INSERT: ON CONFLICT would lock each of them, even
    // where its own WHERE is false, some 290 bytes of WAL a row and every page of the table dirtied. Of a key
    // that repeats the last row alone is compared: an equal one before it says nothing.
    const std::string unless_equal =
        " p WHERE " + looked_up(sink, differing) + " IS NOT FALSE" + ordered + on_conflict(sink);
    merge_ = merging + each + unless_equal;
    merge_repeating_ =
        merging + "SELECT " + columns + " FROM (" + last_of_each + last_first + ")" + unless_equal;
}

// Not in key order, so two writers that meet the same new keys may deadlock: 40P01, which the writer does
// again.
bool Upsert::insert_new(postgres::Connection& connection, const std::vector<std::string_view>& blocks) const {
    try {
        connection.copy(target_, blocks, record::append_without_position);
        return true;
    } catch (const postgres::SqlError& error) {
        if (!error.is_unique_violation()) throw;
        connection.rollback();
        return false;
    }
}

void Upsert::stage(postgres::Connection& connection, const std::vector<std::string_view>& blocks,
                   bool is_made) const {
    if (!is_made) connection.exec(create_staging_);
    connection.copy(staging_, blocks);
}

std::int64_t Upsert::merge(postgres::Connection& connection, Expect expect) const {
    const std::int64_t changed = merge_unchecked(connection, expect);
    if (checks_ && !connection.exec(missing_).empty())
        throw Failure(
            ErrorKind::config, "sink.table",
            "a BEFORE trigger of the table suppresses rows or changes their key: only one that leaves "
            "both alone may be there");
    return changed;
}

std::int64_t Upsert::merge_unchecked(postgres::Connection& connection, Expect expect) const {
    const std::string& merge = expect.repeats ? merge_repeating_ : merge_;
    const auto changed = [&](const std::string& sql) {
        return static_cast<std::int64_t>(connection.exec(sql).affected());
    };
    if (expect.known) return changed(merge);
    try {
        const std::int64_t inserted = changed(expect.repeats ? insert_repeating_ : insert_);
        if (inserted > 0) {
            connection.exec("RELEASE SAVEPOINT pagehaul_insert");
            return inserted;
        }
    } catch (const postgres::SqlError& error) {
        // Some key is there although the sample missed it, or came from another writer meanwhile.
        if (!error.is_unique_violation()) throw;
        connection.exec("ROLLBACK TO SAVEPOINT pagehaul_insert");
    }
    return changed("RELEASE SAVEPOINT pagehaul_insert; " + merge);
}

void Upsert::clear(postgres::Connection& connection) const {
    connection.exec(clear_staging_);
}

}  // namespace pagehaul::sink
