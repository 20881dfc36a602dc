#include "sink/staging.h"

#include <utility>

#include "core/digest.h"
#include "sink/added_columns.h"
#include "sink/columns.h"
#include "sink/slice_rows.h"

// What touches the target runs under the role's search_path, for its triggers' sake: what is meant of
// PostgreSQL is named in full.

namespace pagehaul::sink {
namespace {

/// `lines` with `prefix` in the place of the position that each begins with.
void append_prefixed(std::string& out, std::string_view prefix, std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t begin = lines.find('\t') + 1;
        const std::size_t end = lines.find('\n', begin) + 1;
        out.append(prefix).append(lines.substr(begin, end - begin));
        lines.remove_prefix(end);
    }
}

}  // namespace

Staging::Staging(const config::Sink& sink, std::string table)
    : sink_(&sink),
      target_(qualified_name(sink)),
      table_(std::move(table)),
      slice_(free_name(sink, "_slice")),
      pass_(free_name(sink, "_pass")) {
    // Of the target's own types, so that what does not fit fails with its page. No vacuum: rows are only
    // added, and the table is dropped when its run is over.
    create_ = "CREATE TABLE IF NOT EXISTS " + table_ + " WITH (autovacuum_enabled = false) AS SELECT " +
              "NULL::pg_catalog.int8 AS " + slice_ + ", NULL::pg_catalog.int4 AS " + pass_ + ", " +
              column_list(sink) + undeclared_in_staging(sink) + " FROM " + target_ + " WITH NO DATA";
}

std::string Staging::of(Pass pass) const {
    return "s." + slice_ + " OPERATOR(pg_catalog.=) " + std::to_string(pass.slice) + " AND s." + pass_ +
           " OPERATOR(pg_catalog.=) " + std::to_string(pass.pass);
}

void Staging::ensure(postgres::Connection& connection) const {
    connection.begin("SELECT pg_catalog.pg_advisory_xact_lock(" +
                     std::to_string(hash64("pagehaul staging " + table_)) + ")");
    try {
        const bool is_there =
            !connection.exec("SELECT 1 WHERE pg_catalog.to_regclass($1) IS NOT NULL", {table_}).empty();
        if (!is_there)
            connection.exec(create_ + "; CREATE INDEX ON " + table_ + " (" + slice_ + ", " + pass_ + ")");
        connection.commit();
    } catch (...) {
        connection.rollback();
        throw;
    }
}

void Staging::stage(postgres::Connection& connection, Pass pass,
                    const std::vector<std::string_view>& blocks) const {
    const std::string prefix = std::to_string(pass.slice) + "\t" + std::to_string(pass.pass) + "\t";
    connection.copy(table_, blocks,
                    [&](std::string& out, std::string_view lines) { append_prefixed(out, prefix, lines); });
}

std::int64_t Staging::count(postgres::Connection& connection, Pass pass) const {
    return connection.exec("SELECT pg_catalog.count(*) FROM " + table_ + " s WHERE " + of(pass))
        .integer(0, 0);
}

bool Staging::has_rows(postgres::Connection& connection, const std::vector<record::SliceField>& slice) const {
    return !connection.exec("SELECT 1 FROM " + target_ + " t WHERE " + belongs_to(slice) + " LIMIT 1")
                .empty();
}

std::int64_t Staging::remove(postgres::Connection& connection,
                             const std::vector<record::SliceField>& slice) const {
    return static_cast<std::int64_t>(
        connection.exec("DELETE FROM " + target_ + " t WHERE " + belongs_to(slice)).affected());
}

std::int64_t Staging::insert(postgres::Connection& connection, Pass pass) const {
    std::vector<std::string> added;
    if (sink_->undeclared == config::Undeclared::add_column) added = added_columns(connection, *sink_);
    const std::string columns = column_list(with_columns(*sink_, added));
    return static_cast<std::int64_t>(connection
                                         .exec("INSERT INTO " + target_ + " (" + columns + ") SELECT " +
                                               columns + " FROM " + spread(*sink_, table_, added) +
                                               " s WHERE " + of(pass))
                                         .affected());
}

}  // namespace pagehaul::sink
