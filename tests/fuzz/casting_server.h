#pragma once

#include <libpq-fe.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "property.h"

namespace pagehaul::fuzz {

struct Cast {
    const char* type;
    config::ColumnType column;
    const char* meaning;  ///< how PostgreSQL reads `raw`, a text of JSON
    bool array = false;
    const char* zone = "UTC";  ///< the column's, where it is not this; PostgreSQL's for the reading
};

inline constexpr const char* kText = "raw::json #>> '{}'";
/// May be written 12.0 or 1e3: numeric reads it, and no fraction is lost. Nought is nought, whatever power of
/// ten it is multiplied by; numeric refuses large ones.
inline constexpr const char* kWhole =
    "CASE WHEN raw::json #>> '{}' ~ '^\\s*[-+]?[0.]+[eE][-+]?\\d+\\s*$' THEN 0 ELSE "
    "(SELECT n FROM (SELECT (raw::json #>> '{}')::numeric AS n) AS read WHERE n = trunc(n)) END";
inline constexpr const char* kElements =
    "CASE WHEN json_typeof(raw::json) = 'array' THEN ARRAY(SELECT e.item #>> '{}' FROM "
    "json_array_elements(raw::json) WITH ORDINALITY AS e (item, place) ORDER BY e.place) END";
inline constexpr std::array<Cast, 20> kCasts{
    {{"bigint", config::ColumnType::bigint, kWhole},
     {"integer", config::ColumnType::integer, kWhole},
     {"numeric", config::ColumnType::numeric, kText},
     {"double precision", config::ColumnType::double_precision, kText},
     {"boolean", config::ColumnType::boolean, kText},
     {"text", config::ColumnType::text, kText},
     {"date", config::ColumnType::date, kText},
     {"timestamp", config::ColumnType::timestamp, kText},
     {"timestamptz", config::ColumnType::timestamptz, kText},
     {"jsonb", config::ColumnType::jsonb, "nullif(raw::jsonb, 'null')"},
     {"uuid", config::ColumnType::uuid, kText},
     {"smallint", config::ColumnType::smallint, kWhole},
     {"real", config::ColumnType::real, kText},
     {"time", config::ColumnType::time, kText},
     {"text[]", config::ColumnType::text, kElements, true},
     {"numeric[]", config::ColumnType::numeric, kElements, true},
     {"boolean[]", config::ColumnType::boolean, kElements, true},
     {"timestamptz[]", config::ColumnType::timestamptz, kElements, true},
     {"timestamptz of Berlin", config::ColumnType::timestamptz, kText, false, "Europe/Berlin"},
     {"timestamptz of Lord Howe", config::ColumnType::timestamptz, kText, false, "Australia/Lord_Howe"}}};

/// The server that PAGEHAUL_FUZZ_DSN names, with a table and a cast for each type.
class Server {
  public:
    Server() {
        const char* const dsn = std::getenv("PAGEHAUL_FUZZ_DSN");
        must(dsn != nullptr, "PAGEHAUL_FUZZ_DSN names a server to ask");
        connection_.reset(PQconnectdb(dsn));
        must(PQstatus(connection_.get()) == CONNECTION_OK, "the server answers",
             PQerrorMessage(connection_.get()));
        run("SET client_min_messages = error; SET timezone = 'UTC'");
        for (std::size_t i = 0; i < kCasts.size(); ++i) {
            const Cast& cast = kCasts[i];
            const std::string name = std::to_string(i);
            const std::string type = std::string(cast.type).substr(0, std::string(cast.type).find(" of "));
            run("CREATE TEMP TABLE t" + name + " (position bigint, n int, v " + type + ", raw text)");
            run("CREATE FUNCTION pg_temp.meaning" + name + "(raw text) RETURNS " + type +
                " LANGUAGE plpgsql SET timezone = '" + cast.zone + "' AS $f$ BEGIN RETURN (" + cast.meaning +
                ")::" + type + "; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $f$");
        }
    }

    struct Row {
        std::size_t n;
        bool agrees;
        std::string rank, theirs;
    };
    /// Rows of one COPY, and what PostgreSQL says about them; must() where it refuses them.
    std::vector<Row> ask(std::size_t cast, const std::string& copy) {
        const std::string table = "t" + std::to_string(cast);
        if (++asked_ % 512 == 0) run("TRUNCATE " + table);
        must(PQresultStatus(result("BEGIN; COPY " + table + " FROM STDIN").get()) == PGRES_COPY_IN,
             "COPY begins");
        PQputCopyData(connection_.get(), copy.data(), static_cast<int>(copy.size()));
        PQputCopyEnd(connection_.get(), nullptr);
        while (const Held done{PQgetResult(connection_.get()), PQclear})
            must(PQresultStatus(done.get()) == PGRES_COMMAND_OK, "PostgreSQL takes what we let pass",
                 PQresultErrorMessage(done.get()));
        const Held said = result(
            "SELECT n, v IS NOT DISTINCT FROM m, dense_rank() OVER (ORDER BY v), v::text || ', not ' || "
            "coalesce(m::text, 'a value') FROM (SELECT *, pg_temp.meaning" +
            std::to_string(cast) + "(raw) AS m FROM " + table + ") AS read");
        must(PQresultStatus(said.get()) == PGRES_TUPLES_OK, "PostgreSQL answers",
             PQresultErrorMessage(said.get()));
        std::vector<Row> rows;
        for (int i = 0; i < PQntuples(said.get()); ++i) {
            const auto text = [&](int field) { return std::string(PQgetvalue(said.get(), i, field)); };
            rows.push_back({std::stoul(text(0)), text(1) == "t", text(2), text(3)});
        }
        run("ROLLBACK");
        return rows;
    }

  private:
    using Held = std::unique_ptr<PGresult, decltype(&PQclear)>;
    Held result(const std::string& sql) { return {PQexec(connection_.get(), sql.c_str()), PQclear}; }
    void run(const std::string& sql) {
        const Held done = result(sql);
        must(PQresultStatus(done.get()) == PGRES_COMMAND_OK, "PostgreSQL does it",
             PQresultErrorMessage(done.get()));
    }

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, PQfinish};
    int asked_ = 0;
};

}  // namespace pagehaul::fuzz
