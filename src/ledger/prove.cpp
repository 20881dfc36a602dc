#include "ledger/commit.h"
#include "ledger/conclude.h"
#include "ledger/proof.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view proven_sql = R"(
UPDATE {s}.page SET state = 'done', claims = 0, error = NULL, done_at = {s}.clock() WHERE id = {page})";

}  // namespace

std::optional<ProofVerdict> prove(postgres::Connection& connection, const Scope& scope, const Policy& policy,
                                  const Claim& claim, const ProofReading& reading) {
    std::optional<ProofVerdict> verdict;
    in_fence(connection, scope, [&] {
        verdict.reset();
        if (!lock_pages(connection, scope, {claim}).front()) return;
        connection.exec(fill(proven_sql, scope, {{"page", std::to_string(claim.page_id)}}));
        const auto slices = lock_slices(connection, scope, policy, {claim.slice_id}, WhenLocked::wait);
        // The slice failed meanwhile: the question is moot.
        if (slices.empty() || slices.front().pass != claim.pass) return;
        SliceView slice = slices.front();
        slice.sums.distinct_keys = count_keys(connection, scope, {slice.id})[slice.id];

        verdict = judge_proof(policy, slice.total, reading, slice.sums);
        Conclusions conclusions(policy);
        if (const auto* proven = std::get_if<Proven>(&*verdict))
            conclusions.proven(slice, proven->by, slice.sums.distinct_keys);
        else if (const auto* moved = std::get_if<Moved>(&*verdict))
            conclusions.moved(slice, moved->why);
        else
            conclusions.failed(slice, std::get<Refuted>(*verdict).why);
        conclusions.write(connection, scope);
    });
    return verdict;
}

}  // namespace pagehaul::ledger
