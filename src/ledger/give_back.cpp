#include "ledger/claims.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view give_back_unknown_sql = R"(
UPDATE {s}.page SET state = 'pending', worker = NULL, leased_at = NULL, claims = 0
WHERE run_id = {run} AND worker = {worker} AND state = 'leased' AND id <> ALL ({known}))";

}  // namespace

int give_back_unknown(postgres::Connection& connection, const Scope& scope,
                      const std::vector<std::int64_t>& known) {
    int pages = 0;
    in_fence(connection, scope, [&] {
        pages = static_cast<int>(
            connection.exec(fill(give_back_unknown_sql, scope, {{"known", bigint_array(known)}})).affected());
    });
    return pages;
}

}  // namespace pagehaul::ledger
