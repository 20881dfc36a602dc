#include "sink/upsert.h"

#include "core/join.h"
#include "postgres/quoting.h"
#include "record/copy_text.h"
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

constexpr const char* staging_table = "pg_temp.pagehaul_staging";

/// The name of the staging table's position column; the target may have any column but this.
std::string position_column(const config::Sink& sink) {
    std::string name = "_pos";
    const auto taken = [&] {
        for (const config::Column& column : sink.columns)
            if (column.name == name) return true;
        return false;
    };
    while (taken())
        name.insert(0, "_");
    return quote_identifier(name);
}

/// Two values of a column as its comparison sees them. citext and nondeterministic collations call different
/// texts equal, and json has no equality of its own: without the casts a change would be lost, or an error.
/// For text, varchar and jsonb columns the casts cost nothing.
std::string comparable(const std::string& row, const config::Column& column) {
    std::string field = row + "." + quote_identifier(column.name);
    if (column.type == config::ColumnType::text) return field + "::text COLLATE \"C\"";
    if (column.type == config::ColumnType::jsonb) return field + "::jsonb";
    return field;
}

std::string take_new(const std::string& column) {
    return column + " = excluded." + column;
}

/// Whether two rows of one key differ, as SQL.
std::string differs(const config::Sink& sink, const std::string& left, const std::string& right) {
    std::vector<std::string> ours, theirs;
    for (const config::Column& column : sink.columns) {
        if (is_key(sink, column.name)) continue;
        ours.push_back(comparable(left, column));
        theirs.push_back(comparable(right, column));
    }
    if (ours.empty()) return "false";
    return "ROW(" + join(ours, ", ") + ") IS DISTINCT FROM ROW(" + join(theirs, ", ") + ")";
}

std::string on_conflict(const config::Sink& sink) {
    std::vector<std::string> assignments;
    for (const config::Column& column : sink.columns)
        if (!is_key(sink, column.name)) assignments.push_back(take_new(quote_identifier(column.name)));
    // Not MERGE: beside writers that insert the same key it fails with a unique violation.
    const std::string target = " ON CONFLICT (" + name_list(sink.key) + ") DO ";
    if (assignments.empty()) return target + "NOTHING";
    // For what another writer made equal since the statement began: neither written nor counted.
    return target + "UPDATE SET " + join(assignments, ", ") + " WHERE " + differs(sink, "t", "excluded");
}

std::string matches(const config::Sink& sink) {
    return join(sink.key, " AND ", [](const std::string& key) {
        return "t." + quote_identifier(key) + " = p." + quote_identifier(key);
    });
}

/// `what` of the target's row with a staged row's key, NULL where there is none. A subquery for a value is
/// never made a join: the planner knows nothing of a staging table just filled, and might read the whole
/// target once a commit. So it looks up each key in the index.
std::string looked_up(const config::Sink& sink, const std::string& what) {
    return "(SELECT " + what + " FROM " + qualified_name(sink) + " t WHERE " + matches(sink) + ")";
}

}  // namespace

Upsert::Upsert(const config::Sink& sink) : keeps_staging_(!sink.pgbouncer), staging_(staging_table) {
    const std::string target = qualified_name(sink);
    const std::string columns = column_list(sink);
    const std::string keys = name_list(sink.key);
    const std::string position = position_column(sink);

    // Of the target's own types, so that what does not fit fails in COPY, and without its constraints.
    // Behind a pooler the next transaction may have another session: there the table goes with its own.
    create_staging_ = "CREATE TEMP TABLE IF NOT EXISTS pagehaul_staging ON COMMIT " +
                      std::string(keeps_staging_ ? "DELETE ROWS" : "DROP") + " AS SELECT NULL::bigint AS " +
                      position + ", " + columns + " FROM " + target + " WITH NO DATA";
    clear_staging_ = "DELETE FROM " + staging_;
    target_ = target + " (" + columns + ")";

    // Every 32nd row of each page, the first one always, is looked up; one that exists makes the statement
    // insert nothing (a one-time filter of the plan). That tells a first pull from a later one almost for
    // free.
    const std::string unless_known = " WHERE NOT EXISTS (SELECT FROM " + staging_ + " p WHERE p." + position +
                                     " % 32 = 0 AND " + looked_up(sink, "true") + ")";
    const std::string into = "INSERT INTO " + target + " AS t (" + columns + ") ";
    const std::string each = "SELECT " + columns + " FROM " + staging_;
    // ON CONFLICT refuses a key that comes twice in its own statement (21000).
    const std::string last_of_each = "SELECT DISTINCT ON (" + keys + ") " + columns + " FROM " + staging_;
    // Key order is the same for all writers: whoever waits for a row holds only smaller keys, so nobody
    // deadlocks.
    const std::string ordered = " ORDER BY " + keys;
    const std::string last_first = ordered + ", " + position + " DESC";

    const std::string guarded = "SAVEPOINT pagehaul_insert; " + into;
    insert_ = guarded + each + unless_known + ordered;
    insert_repeating_ = guarded + last_of_each + unless_known + last_first;

    // Thousands of lookups look expensive enough to the planner to compile them first, longer than they take.
    const std::string merging = "SET LOCAL jit = off; " + into;
    const std::string differing = differs(sink, "t", "p");
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
