#include "ledger/blockers.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view blocker_sql = R"(
SELECT a.pid, a.application_name, a.usename FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.granted AND a.pid <> pg_backend_pid() AND {which} ORDER BY a.xact_start LIMIT 1)";
constexpr std::string_view advisory_lock_sql =
    "l.locktype = 'advisory' AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = {advisory}";
// Locks of rows are not listed; the table's own lock of who has taken one is.
constexpr std::string_view slice_rows_sql =
    "l.locktype = 'relation' AND l.relation = '{s}.slice'::regclass AND l.database = (SELECT oid FROM "
    "pg_database WHERE datname = current_database()) AND l.mode IN ('RowShareLock', 'RowExclusiveLock')";

std::string name_holder(postgres::Connection& connection, const Scope& scope, std::string_view which) {
    const auto rows = connection.exec(fill(blocker_sql, scope, {{"which", fill(which, scope)}}));
    if (rows.empty()) return "";
    return "backend " + rows.text(0, 0) + " (" + rows[0][1].value_or("") + ", role " +
           rows[0][2].value_or("") + ")";
}

}  // namespace

std::string lock_holder(postgres::Connection& connection, const Scope& scope) {
    return name_holder(connection, scope, advisory_lock_sql);
}

std::string slices_holder(postgres::Connection& connection, const Scope& scope) {
    return name_holder(connection, scope, slice_rows_sql);
}

}  // namespace pagehaul::ledger
