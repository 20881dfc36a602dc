#include "ledger/prove_at_once.h"

#include <algorithm>
#include <optional>

#include "ledger/plan.h"
#include "ledger/proof.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// Where somebody has said meanwhile that the pass is over, the poll that ends it judges.
constexpr std::string_view proven_sql = R"(
UPDATE {s}.slice s SET total = v.total, planned = 1, state = 'proven', proof = v.proof, distinct_keys = v.distinct_keys
FROM unnest({slices}, {passes}, {totals}, {proofs}, {keys}) v (slice_id, pass, total, proof, distinct_keys)
WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open' AND s.drift IS NULL
RETURNING s.id, s.proof)";

std::int64_t count_distinct(std::vector<std::int64_t> hashes) {
    std::sort(hashes.begin(), hashes.end());
    return std::unique(hashes.begin(), hashes.end()) - hashes.begin();
}

struct Shown {
    std::optional<std::int64_t> total;
    std::int64_t distinct_keys = 0;
    std::string by;
};

std::optional<Shown> shown_by(const Policy& policy, const PageResult& page) {
    const bool is_all =
        page.claim.no == 1 && !page.next && !page.moved && !page.slice_error && page.bad.empty();
    if (!is_all || policy.publishes || !proves_itself(policy, 1, page.fetched)) return std::nullopt;
    const auto plan = plan_from_page_one(policy, page.fetched, page.total, page.nothing);
    if (std::holds_alternative<PlanRefused>(plan)) return std::nullopt;
    Shown shown{
        .total = policy.total == Policy::Known::nothing ? std::nullopt : page.total,
        .distinct_keys = policy.keyed ? count_distinct(page.key_hashes) : page.fetched - page.duplicates,
        .by = {}};
    const ProofVerdict verdict =
        judge_proof(policy, shown.total, {.total = shown.total, .rows_beyond_end = 0},
                    {.pages = 1,
                     .fetched = page.fetched,
                     .stored = page.stored,
                     .duplicates = page.duplicates,
                     .distinct_keys = shown.distinct_keys,
                     .counts_add_up = page.fetched == page.stored + page.duplicates,
                     .short_page = {}});
    const auto* proven = std::get_if<Proven>(&verdict);
    if (proven == nullptr) return std::nullopt;
    shown.by = proven->by;
    return shown;
}

}  // namespace

ProvenSlices prove_at_once(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                           const std::vector<const PageResult*>& pages, const std::string& settling) {
    std::vector<std::int64_t> slices, passes, keys;
    std::vector<std::optional<std::int64_t>> totals;
    std::vector<std::string> proofs;
    for (const PageResult* page : pages) {
        auto shown = shown_by(policies.of(page->claim.stream), *page);
        if (!shown) continue;
        slices.push_back(page->claim.slice_id);
        passes.push_back(page->claim.pass);
        totals.push_back(shown->total);
        proofs.push_back(std::move(shown->by));
        keys.push_back(shown->distinct_keys);
    }
    ProvenSlices proven;
    if (slices.empty()) return proven;
    const auto rows = connection.exec(settling + fill(proven_sql, scope,
                                                      {{"slices", bigint_array(slices)},
                                                       {"passes", bigint_array(passes)},
                                                       {"totals", nullable_bigint_array(totals)},
                                                       {"proofs", text_array(proofs)},
                                                       {"keys", bigint_array(keys)}}));
    for (std::size_t i = 0; i < rows.size(); ++i)
        proven.emplace(rows.integer(i, 0), rows.text(i, 1));
    return proven;
}

}  // namespace pagehaul::ledger
