#include "ledger/chain.h"

#include <algorithm>
#include <utility>

#include "core/join.h"
#include "ledger/plan.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view chain_seen_sql = R"(
SELECT v.at, p.no FROM (VALUES {rows}) v (at, slice_id, pass, token), LATERAL (
    SELECT p.no FROM {s}.page p WHERE p.slice_id = v.slice_id AND p.pass = v.pass
      AND p.token IS NOT NULL AND md5(p.token) = md5(v.token) LIMIT 1) p)";
constexpr std::string_view chain_moved_sql = R"(
UPDATE {s}.slice s SET drift = v.why FROM (VALUES {rows}) v (slice_id, pass, why)
WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open' AND s.drift IS NULL;)";
constexpr std::string_view chain_end_sql = R"(
UPDATE {s}.slice s SET planned = v.no FROM (VALUES {rows}) v (slice_id, pass, no)
WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open';)";
// The epoch that a claim would have given them.
constexpr std::string_view chain_done_sql = R"(
INSERT INTO {s}.page (run_id, slice_id, pass, no, token, state, epoch, worker, fetched, stored, quarantined, duplicates,
    total, content_hash, fetch_ms, done_at)
SELECT {run}, v.slice_id, v.pass, v.no, v.token, 'done', 1, {worker}, v.fetched, v.stored, v.quarantined, v.duplicates,
    v.total, v.content_hash, v.fetch_ms, {s}.clock()
FROM (VALUES {rows}) v (slice_id, pass, no, token, fetched, stored, quarantined, duplicates, total, content_hash, fetch_ms)
ORDER BY v.slice_id, v.no;)";
// Not of a slice that failed meanwhile, or whose pass is over: nobody would take its pages away again.
constexpr std::string_view chain_head_sql = R"(
INSERT INTO {s}.page (run_id, slice_id, pass, no, token, state, epoch, worker, leased_at)
SELECT {run}, v.slice_id, v.pass, v.no, v.token, 'leased', 1, {worker}, {s}.clock()
FROM (VALUES {rows}) v (slice_id, pass, no, token)
JOIN {s}.slice s ON s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open' AND s.drift IS NULL
ORDER BY v.slice_id
RETURNING id, slice_id, pass, no, epoch)";

std::vector<std::string> pass_of(const Claim& claim) {
    return {std::to_string(claim.slice_id) + "::bigint", std::to_string(claim.pass)};
}

std::string chain_row(const Claim& claim, const std::vector<std::string>& rest) {
    std::vector<std::string> fields = pass_of(claim);
    fields.insert(fields.end(), rest.begin(), rest.end());
    return row(fields);
}

std::string big(std::int64_t number) {
    return "(" + std::to_string(number) + ")::bigint";
}

bool same_pass(const Claim& one, const Claim& other) {
    return one.slice_id == other.slice_id && one.pass == other.pass;
}

}  // namespace

ChainedPages::ChainedPages(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                           std::vector<const PageResult*> pages)
    : scope_(scope), policies_(policies), kept_(std::move(pages)) {
    if (policies.any_linked()) leave_out_repeated(connection);
}

void ChainedPages::leave_out_repeated(postgres::Connection& connection) {
    std::vector<std::string> told;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        const PageResult& page = *kept_[i];
        if (!page.next) continue;
        told.push_back(row({std::to_string(i), std::to_string(page.claim.slice_id) + "::bigint",
                            std::to_string(page.claim.pass), told_literal(scope_, *page.next)}));
        const auto before = std::find_if(
            kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(i), [&](const PageResult* other) {
                return same_pass(other->claim, page.claim) && other->next == page.next;
            });
        if (*before != &page) repeats_.emplace(&page, std::to_string((*before)->claim.no + 1));
    }
    if (told.empty()) return;
    const auto seen = connection.exec(fill(chain_seen_sql, scope_, {{"rows", join(told, ",")}}));
    for (std::size_t i = 0; i < seen.size(); ++i)
        repeats_.emplace(kept_[static_cast<std::size_t>(seen.integer(i, 0))], seen.text(i, 1));
    std::erase_if(kept_, [&](const PageResult* page) {
        return std::any_of(repeats_.begin(), repeats_.end(), [&](const auto& repeat) {
            const Claim& told_by = repeat.first->claim;
            return same_pass(told_by, page->claim) && page->claim.no > told_by.no;
        });
    });
}

std::string ChainedPages::moved(const PageResult& page) const {
    if (page.moved) return *page.moved;
    const auto repeat = repeats_.find(&page);
    if (repeat == repeats_.end()) return "";
    return "page " + std::to_string(page.claim.no) + " told the token of page " + repeat->second + " again";
}

bool ChainedPages::goes_on(const PageResult& page) const {
    const bool is_last_here = std::none_of(kept_.begin(), kept_.end(), [&](const PageResult* other) {
        return other->claim.follows(page.claim);
    });
    return page.next && is_last_here && page.claim.no < policies_.of(page.claim.stream).max_pages &&
           moved(page).empty();
}

std::string ChainedPages::statements() const {
    if (!policies_.any_linked()) return "";
    std::vector<std::string> failing, moving, ending, done;
    for (const PageResult* page : kept_) {
        if (!is_chained(*page)) continue;
        const Claim& claim = page->claim;
        const std::int64_t max_pages = policies_.of(claim.stream).max_pages;
        if (const std::string why = moved(*page); !why.empty()) {
            moving.push_back(chain_row(claim, {told_literal(scope_, why)}));
        } else if (!page->next) {
            ending.push_back(chain_row(claim, {std::to_string(claim.no) + "::bigint"}));
        } else if (claim.no >= max_pages) {
            failing.push_back(chain_row(
                claim, {text_literal("page " + std::to_string(claim.no) +
                                     " tells of a next one, source.pagination.max_pages allows " +
                                     std::to_string(max_pages) + " pages: slice finer, or raise it")}));
        }
        if (claim.has_row()) continue;
        done.push_back(chain_row(
            claim,
            {std::to_string(claim.no) + "::bigint", told_literal(scope_, claim.token),
             std::to_string(page->fetched), std::to_string(page->stored), std::to_string(page->bad.size()),
             std::to_string(page->duplicates), optional_literal(page->total) + "::bigint",
             big(page->content_hash), std::to_string(page->fetch_ms)}));
    }
    std::string sql;
    if (!failing.empty()) sql += fail_statements(scope_, failing);
    if (!moving.empty()) sql += fill(chain_moved_sql, scope_, {{"rows", join(moving, ",")}});
    if (!ending.empty()) sql += fill(chain_end_sql, scope_, {{"rows", join(ending, ",")}});
    if (!done.empty()) sql += fill(chain_done_sql, scope_, {{"rows", join(done, ",")}});
    return sql;
}

std::vector<Claim> ChainedPages::lease_heads(postgres::Connection& connection) const {
    std::vector<std::string> heads;
    std::vector<const PageResult*> before;
    for (const PageResult* page : kept_) {
        if (!is_chained(*page) || !goes_on(*page)) continue;
        heads.push_back(chain_row(page->claim, {std::to_string(page->claim.no + 1) + "::bigint",
                                                told_literal(scope_, *page->next)}));
        before.push_back(page);
    }
    std::vector<Claim> leased;
    if (heads.empty()) return leased;
    const auto rows = connection.exec(fill(chain_head_sql, scope_, {{"rows", join(heads, ",")}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto page = std::find_if(before.begin(), before.end(), [&](const PageResult* one) {
            return one->claim.slice_id == rows.integer(i, 1);
        });
        leased.push_back({.page_id = rows.integer(i, 0),
                          .slice_id = rows.integer(i, 1),
                          .stream = (*page)->claim.stream,
                          .slice_key = (*page)->claim.slice_key,
                          .slice_params = (*page)->claim.slice_params,
                          .pass = static_cast<int>(rows.integer(i, 2)),
                          .no = rows.integer(i, 3),
                          .epoch = rows.integer(i, 4),
                          .token = *(*page)->next,
                          .total = {}});
    }
    return leased;
}

}  // namespace pagehaul::ledger
