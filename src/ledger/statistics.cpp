#include "ledger/start.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A role that does not own the tables gets a warning from the server, and nothing else happens.
constexpr std::string_view analyze_sql = R"(
SET LOCAL lock_timeout = '1s';
ANALYZE {s}.slice;
ANALYZE {s}.page)";

}  // namespace

void refresh_statistics(postgres::Connection& connection, const std::string& schema) {
    const Scope scope{.schema = schema, .pipeline = "", .worker = ""};
    try {
        connection.begin();
        connection.exec(fill(analyze_sql, scope));
        connection.commit();
    } catch (const postgres::SqlError& error) {
        connection.rollback();
        const bool is_refused = error.sqlstate() == "42501" || error.sqlstate() == "55P03";
        if (!is_refused) throw;
    }
}

}  // namespace pagehaul::ledger
