#include "sink/vanished.h"

#include <algorithm>
#include <utility>

#include "core/join.h"
#include "postgres/quoting.h"
#include "sink/columns.h"
#include "sink/slice_rows.h"

namespace pagehaul::sink {
namespace {

constexpr std::size_t rows_at_once = 2'000;

// How PostgreSQL writes times, for the reading alone: what follows has triggers.
constexpr const char* written_sql = "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'";
constexpr const char* rewritten_sql = "SET LOCAL datestyle TO DEFAULT; SET LOCAL timezone TO DEFAULT";

}  // namespace

VanishedRows::VanishedRows(const config::Sink& sink)
    : target_(qualified_name(sink)),
      mark_(postgres::quote_identifier(config::kVanishedColumn)),
      marks_(sink.vanished == config::Vanished::mark) {}

void VanishedRows::read(postgres::Connection& connection, const std::vector<record::SliceField>& slice,
                        const std::vector<std::string>& key_columns, const Take& take) const {
    const std::string keys = join(key_columns, ", ", [](const std::string& column) {
        return "t." + postgres::quote_identifier(column) + "::pg_catalog.text";
    });
    connection.exec(std::string(written_sql) +
                    "; DECLARE pagehaul_rows NO SCROLL CURSOR FOR SELECT t.tableoid, t.ctid, " + keys +
                    " FROM " + target_ + " t WHERE " + belongs_to(slice) +
                    (marks_ ? " AND t." + mark_ + " IS NULL" : ""));
    const std::string fetch = "FETCH " + std::to_string(rows_at_once) + " FROM pagehaul_rows";
    std::vector<std::optional<std::string>> key(key_columns.size());
    for (postgres::Rows rows = connection.exec(fetch); !rows.empty(); rows = connection.exec(fetch)) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            for (std::size_t column = 0; column < key.size(); ++column)
                key[column] = rows[i][2 + column];
            take({.table = rows.text(i, 0), .place = rows.text(i, 1)}, key);
        }
    }
    connection.exec("CLOSE pagehaul_rows; " + std::string(rewritten_sql));
}

std::int64_t VanishedRows::remove(postgres::Connection& connection, const std::vector<RowPlace>& rows) const {
    std::int64_t removed = 0;
    for (std::size_t from = 0; from < rows.size(); from += rows_at_once) {
        std::vector<std::optional<std::string>> tables, places;
        for (std::size_t i = from; i < std::min(rows.size(), from + rows_at_once); ++i) {
            tables.emplace_back(rows[i].table);
            places.emplace_back(rows[i].place);
        }
        const std::string which =
            "ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.tid[])) v "
            "(o, c) WHERE t.tableoid OPERATOR(pg_catalog.=) v.o AND t.ctid OPERATOR(pg_catalog.=) v.c";
        const std::string sql =
            marks_ ? "UPDATE " + target_ + " t SET " + mark_ + " = pg_catalog.now() FROM " + which
                   : "DELETE FROM " + target_ + " t USING " + which;
        removed += static_cast<std::int64_t>(
            connection.exec(sql, {postgres::array_literal(tables), postgres::array_literal(places)})
                .affected());
    }
    return removed;
}

}  // namespace pagehaul::sink
