#include "ledger/start.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view analyze_sql = R"(
SET LOCAL lock_timeout = '1s';
ANALYZE {s}.slice;
ANALYZE {s}.page)";

}  // namespace

std::string refresh_statistics(postgres::Connection& connection, const std::string& schema) {
    const Scope scope{.schema = schema, .pipeline = "", .worker = ""};
    try {
        connection.begin(fill(analyze_sql, scope));
        connection.commit();
        return "";
    } catch (const Failure& failure) {
        connection.rollback();
        return failure.error().text();
    }
}

}  // namespace pagehaul::ledger
