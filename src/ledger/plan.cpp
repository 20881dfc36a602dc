#include "ledger/plan.h"

#include <algorithm>

#include "core/join.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

/// Pages asked for beyond page 1 while nobody knows the end: enough to keep a few workers busy until the
/// first poll extends the window.
constexpr std::int64_t first_window = 8;

constexpr std::string_view fail_sql = R"(
WITH failing (slice_id, pass, why) AS (VALUES {rows}),
failed AS (
    UPDATE {s}.slice s SET state = 'failed', error = f.why FROM failing f
    WHERE s.id = f.slice_id AND s.pass = f.pass AND s.state = 'open' RETURNING s.id)
DELETE FROM {s}.page p USING failed f
WHERE p.run_id = {run} AND p.slice_id = f.id AND p.state = 'pending';)";

constexpr std::string_view drift_sql = R"(
UPDATE {s}.slice s SET drift = 'page ' || v.no || ' told a total of ' || v.total || ', page 1 told ' || s.total
FROM (VALUES {rows}) v (slice_id, pass, no, total)
WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open' AND s.drift IS NULL AND s.total <> v.total;)";

// 10,000 pages in one statement.
constexpr std::string_view plan_sql = R"(
WITH v (slice_id, pass, total, last, planned) AS (VALUES {rows}),
told AS (
    UPDATE {s}.slice s SET total = v.total, planned = v.planned FROM v
    WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open'
    RETURNING s.id, s.pass, v.last)
INSERT INTO {s}.page (run_id, slice_id, pass, no)
SELECT {run}, t.id, t.pass, no FROM told t, generate_series(2, t.last) no ORDER BY t.id, no;)";

bool is_told(const Policy& policy) {
    return policy.total != Policy::Known::nothing;
}

/// Page 1 is all there is, unless it says itself that there is more.
std::variant<PagePlan, PlanRefused> plan_of_one(const Policy& policy, std::int64_t fetched,
                                                std::optional<std::int64_t> total, bool nothing) {
    if (policy.total != Policy::Known::nothing && !total && !nothing)
        return PlanRefused{"the answer told no total where source.pagination.total names one"};
    const std::int64_t had = policy.total == Policy::Known::rows ? fetched : 1;
    if (total && *total > had && !policy.total_advisory)
        return PlanRefused{"the one request of a slice brought " + std::to_string(had) + " of a total of " +
                           std::to_string(*total) +
                           (policy.total == Policy::Known::rows ? " rows" : " pages") +
                           ": the API has pages, and source.pagination.type is none"};
    return PagePlan{.last = 1, .planned = 1};
}

}  // namespace

std::variant<PagePlan, PlanRefused> plan_from_page_one(const Policy& policy, std::int64_t fetched,
                                                       std::optional<std::int64_t> total, bool nothing) {
    const std::int64_t size = policy.page_size;
    if (policy.one_request) return plan_of_one(policy, fetched, total, nothing);
    // A chain's pages come one by one, and its end with the last of them: chain.h.
    if (policy.linked && (policy.total == Policy::Known::nothing || (!total && nothing))) return PagePlan{};
    if (policy.total == Policy::Known::nothing) {
        if (total) return PagePlan{.last = 1, .planned = 1};
        if (policy.end == Policy::End::short_page && fetched < size)
            return PagePlan{.last = 1, .planned = fetched == 0 ? 0 : 1};
        // An empty page 1 needs one more empty page to be the end, a short one two.
        const std::int64_t last = fetched == 0 ? 2 : fetched < size ? 3 : 1 + first_window;
        return PagePlan{.last = std::min(last, policy.max_pages + 2), .planned = {}};
    }
    if (!total && nothing) return PagePlan{.last = 1, .planned = 1};
    if (!total) return PlanRefused{"page 1 told no total where source.pagination.total names one"};
    if (*total < 0) return PlanRefused{"page 1 told a total of " + std::to_string(*total)};

    if (policy.linked) return PagePlan{};
    const bool in_rows = policy.total == Policy::Known::rows;
    const std::int64_t pages = std::max<std::int64_t>(1, in_rows ? (*total + size - 1) / size : *total);
    // With an advisory total only a page that others follow is certain to be full.
    const bool must_be_full = !in_rows || policy.total_advisory;
    const std::int64_t expected = must_be_full ? (pages > 1 ? size : 0) : std::min(size, *total);
    if (fetched < expected)
        return PlanRefused{"the API caps the page size: source.pagination.size is " + std::to_string(size) +
                           ", page 1 brought " + std::to_string(fetched) + " rows of a total of " +
                           std::to_string(*total) + (in_rows ? " rows" : " pages")};
    if (pages > policy.max_pages)
        return PlanRefused{"a total of " + std::to_string(*total) + (in_rows ? " rows" : " pages") +
                           " needs " + std::to_string(pages) + " pages, source.pagination.max_pages allows " +
                           std::to_string(policy.max_pages) + ": slice finer, or raise it"};
    return PagePlan{.last = pages, .planned = pages};
}

std::string fail_statements(const Scope& scope, const std::vector<std::string>& rows) {
    return fill(fail_sql, scope, {{"rows", join(rows, ",")}});
}

std::string plan_statements(const Scope& scope, const Policies& policies,
                            const std::vector<const PageResult*>& pages, const ProvenSlices& proven) {
    std::vector<std::string> failing, drifting, planning;
    for (const PageResult* page : pages) {
        const Claim& claim = page->claim;
        if (proven.contains(claim.slice_id)) continue;
        const Policy& policy = policies.of(claim.stream);
        const std::string slice = std::to_string(claim.slice_id) + "::bigint";
        const std::string pass = std::to_string(claim.pass);
        const auto fail_slice = [&](const std::string& why) {
            failing.push_back(row({slice, pass, told_literal(scope, why)}));
        };
        if (page->slice_error) {
            fail_slice(*page->slice_error);
        } else if (claim.no == 1) {
            const auto plan = plan_from_page_one(policy, page->fetched, page->total, page->nothing);
            if (const auto* refused = std::get_if<PlanRefused>(&plan))
                fail_slice(refused->why);
            else if (const auto& [last, planned] = std::get<PagePlan>(plan); true)
                planning.push_back(row(
                    {slice, pass, optional_literal(is_told(policy) ? page->total : std::nullopt) + "::bigint",
                     std::to_string(last), optional_literal(planned) + "::bigint"}));
        } else if (policy.total_on_every_page && !policy.total_advisory && page->total) {
            drifting.push_back(
                row({slice, pass, std::to_string(claim.no), std::to_string(*page->total) + "::bigint"}));
        }
    }
    std::string sql;
    if (!failing.empty()) sql += fail_statements(scope, failing);
    if (!drifting.empty()) sql += fill(drift_sql, scope, {{"rows", join(drifting, ",")}});
    if (!planning.empty()) sql += fill(plan_sql, scope, {{"rows", join(planning, ",")}});
    return sql;
}

}  // namespace pagehaul::ledger
