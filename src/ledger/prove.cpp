#include <algorithm>

#include "core/join.h"
#include "ledger/commit.h"
#include "ledger/conclude.h"
#include "ledger/keys.h"
#include "ledger/proof.h"
#include "ledger/publish.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view proven_pages_sql = R"(
UPDATE {s}.page p SET state = 'done', claims = 0, error = nullif(v.end_refused, ''), done_at = {s}.clock()
FROM (VALUES {rows}) v (id, end_refused) WHERE p.id = v.id)";

constexpr std::string_view fail_insufficient_sql = R"(
UPDATE {s}.slice SET state = 'failed', proof = NULL, distinct_keys = NULL, error = {why}
WHERE run_id = {run} AND state = 'proven' AND proof = {proof})";

using Keys = std::unordered_map<std::int64_t, std::int64_t>;

/// Before the fence, which others may wait for, and under a limit of its own: every page of these passes is
/// done, else nobody would have asked for a proof, and what is done does not change.
Keys count_before(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                  const std::vector<AskedProof>& proofs) {
    std::vector<std::int64_t> slices;
    for (const AskedProof& proof : proofs)
        if (policies.of(proof.claim.stream).keyed) slices.push_back(proof.claim.slice_id);
    if (slices.empty()) return {};
    return again_after_deadlock(connection, [&] {
        connection.begin(std::string(by_index));
        Keys keys = count_keys(connection, scope, slices);
        connection.commit();
        return keys;
    });
}

ProofVerdict judge(postgres::Connection& connection, const Policy& policy, const SliceView& slice,
                   const AskedProof& proof, const Publish& publish, Conclusions& conclusions) {
    ProofVerdict verdict = judge_proof(policy, slice.total, proof.reading, slice.sums);
    if (const auto* shown = std::get_if<Proven>(&verdict); publish && shown != nullptr) {
        if (auto other = publish(connection, proof.claim, slice.sums, *shown)) verdict = std::move(*other);
        act_as_ledger(connection);
    }
    if (const auto* proven = std::get_if<Proven>(&verdict))
        conclusions.proven(slice, proven->by, slice.sums.distinct_keys);
    else if (const auto* moved = std::get_if<Moved>(&verdict))
        conclusions.moved(slice, moved->why);
    else
        conclusions.failed(slice, std::get<Refuted>(verdict).why);
    return verdict;
}

}  // namespace

void fail_insufficient(postgres::Connection& connection, const Scope& scope, Policy::Required required) {
    in_fence(connection, scope, [&] {
        for (const std::string proof :
             {"counts", "counts, end not shown", "pages", "pages, end not shown", "chain"}) {
            if (suffices(proof, required)) continue;
            connection.exec(fill(
                fail_insufficient_sql, scope,
                {{"why", text_literal(insufficient_text(proof, required))}, {"proof", text_literal(proof)}}));
        }
    });
}

std::vector<std::optional<ProofVerdict>> prove(postgres::Connection& connection, const Scope& scope,
                                               const Policies& policies,
                                               const std::vector<AskedProof>& proofs,
                                               const Publish& publish) {
    std::vector<std::optional<ProofVerdict>> verdicts(proofs.size());
    if (proofs.empty()) return verdicts;
    Keys keys = count_before(connection, scope, policies, proofs);
    in_fence(connection, scope, [&] {
        verdicts.assign(proofs.size(), std::nullopt);
        std::vector<Claim> claims;
        for (const AskedProof& proof : proofs)
            claims.push_back(proof.claim);
        const std::vector<bool> ours = lock_pages(connection, scope, claims);
        std::vector<std::string> pages;
        std::vector<std::int64_t> ids;
        for (std::size_t i = 0; i < proofs.size(); ++i) {
            if (!ours[i]) continue;
            pages.push_back(row({std::to_string(claims[i].page_id) + "::bigint",
                                 told_literal(scope, proofs[i].reading.end_refused)}));
            ids.push_back(claims[i].slice_id);
        }
        if (pages.empty()) return;
        connection.exec(fill(proven_pages_sql, scope, {{"rows", join(pages, ",")}}));
        connection.exec(std::string(by_index));
        Slices slices = lock_slices(connection, scope, ids, WhenLocked::wait);
        sum_pages(connection, scope, policies, slices);
        Conclusions conclusions(scope, policies);
        for (std::size_t i = 0; i < proofs.size(); ++i) {
            const auto slice = std::find_if(slices.begin(), slices.end(), [&](const SliceView& view) {
                return ours[i] && view.id == claims[i].slice_id;
            });
            // The slice failed meanwhile: the question is moot.
            if (slice == slices.end() || slice->state != "open" || slice->pass != claims[i].pass) continue;
            const Policy& policy = policies.of(slice->stream);
            if (policy.keyed) slice->sums.distinct_keys = keys[slice->id];
            verdicts[i] = judge(connection, policy, *slice, proofs[i], publish, conclusions);
        }
        conclusions.write(connection);
    });
    return verdicts;
}

}  // namespace pagehaul::ledger
