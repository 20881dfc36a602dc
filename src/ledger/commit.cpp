#include "ledger/commit.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/join.h"
#include "ledger/plan.h"
#include "ledger/statement.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger {
namespace {

// Each statement of a joined query takes its own snapshot: the fence sees what the taker committed whose
// exclusive lock the first statement waited for.
constexpr std::string_view fence_sql = R"(
SELECT pg_advisory_xact_lock_shared({advisory});
SELECT 1 FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id
WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND r.state = 'running'
FOR KEY SHARE OF l)";

// The fence and the pages in one round trip. Nobody waits for the disk: a crash of the server loses a page's
// rows and its `done` together, and the page is asked for again. The verdict's own commit waits, and with it
// all that went before.
constexpr std::string_view begin_commit_sql = R"(
SET LOCAL synchronous_commit = off;
SELECT pg_advisory_xact_lock_shared({advisory});
WITH fence AS MATERIALIZED (
    SELECT 1 FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id
    WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND r.state = 'running' FOR KEY SHARE OF l)
SELECT id, state, epoch, worker = {worker} FROM {s}.page
WHERE (SELECT count(*) FROM fence) > 0 AND id = ANY ({ids}) ORDER BY id FOR UPDATE)";

// FOR UPDATE where resolve() only reads, too: while the backend whose answer was lost still commits, a plain
// read says that nothing happened; this one waits for it.
constexpr std::string_view lock_pages_sql = R"(
SELECT id, state, epoch, worker = {worker} FROM {s}.page WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE)";

struct PageNow {
    std::string state;
    std::int64_t epoch = 0;
    bool is_ours = false;
};

using PagesNow = std::unordered_map<std::int64_t, PageNow>;

std::string ids_of(const std::vector<Claim>& claims) {
    std::vector<std::int64_t> ids;
    ids.reserve(claims.size());
    for (const Claim& claim : claims)
        ids.push_back(claim.page_id);
    return bigint_array(ids);
}

PagesNow read(const postgres::Rows& rows) {
    PagesNow pages;
    for (std::size_t i = 0; i < rows.size(); ++i)
        pages[rows.integer(i, 0)] = {
            .state = rows.text(i, 1), .epoch = rows.integer(i, 2), .is_ours = rows[i][3] == "t"};
    return pages;
}

PagesNow lock_and_read(postgres::Connection& connection, const Scope& scope,
                       const std::vector<Claim>& claims) {
    return read(connection.exec(fill(lock_pages_sql, scope, {{"ids", ids_of(claims)}})));
}

/// The epoch alone tells leases apart; the worker guards against a database that lost a claim in a crash.
bool still_leased(const PagesNow& pages, const Claim& claim) {
    const auto page = pages.find(claim.page_id);
    return page != pages.end() && page->second.state == "leased" && page->second.epoch == claim.epoch &&
           page->second.is_ours;
}

std::vector<bool> still_leased(const PagesNow& pages, const std::vector<Claim>& claims) {
    std::vector<bool> leased;
    leased.reserve(claims.size());
    for (const Claim& claim : claims)
        leased.push_back(still_leased(pages, claim));
    return leased;
}

constexpr std::string_view quarantine_sql =
    "INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, row_no, reason, payload) VALUES {rows}";
// Rows of 10 KB that all convert wrongly: their text is there several times while a statement is made of it.
constexpr std::size_t quarantine_statement_bytes = 1 << 20;
constexpr std::string_view keys_sql = "INSERT INTO {s}.page_keys (slice_id, pass, no, keys) VALUES {rows}";
// A backend's row is its own: commits side by side do not meet here.
constexpr std::string_view tally_sql = R"(
INSERT INTO {s}.tally AS t
    (slice_id, pass, backend, pages, fetched, stored, quarantined, duplicates) VALUES {rows}
ON CONFLICT (slice_id, pass, backend) DO UPDATE SET
    pages = t.pages + excluded.pages, fetched = t.fetched + excluded.fetched,
    stored = t.stored + excluded.stored, quarantined = t.quarantined + excluded.quarantined,
    duplicates = t.duplicates + excluded.duplicates;)";
// The slice is asked for only by a commit with bad rows.
constexpr std::string_view stop_over_limit_sql = R"(
WITH failed AS (
    UPDATE {s}.slice s SET state = 'failed', error = 'quarantined ' || t.quarantined || ' of ' || t.fetched
        || ' rows so far, run.quarantine_limit is {limit}: the slice was stopped'
    FROM (SELECT slice_id, pass, sum(quarantined) AS quarantined, sum(fetched) AS fetched FROM {s}.tally
          WHERE slice_id = ANY ({slices}) GROUP BY slice_id, pass) t
    WHERE s.id = t.slice_id AND s.pass = t.pass AND s.state = 'open' AND t.quarantined > {limit}
    RETURNING s.id)
DELETE FROM {s}.page p USING failed f
WHERE p.run_id = {run} AND p.slice_id = f.id AND p.state = 'pending';)";
// Last, so that its count of rows is the answer; deferred constraints of the target are checked before it.
// Lease and worker were checked by lock_pages and are locked since; asked for again in the CASE, where a NULL
// would break the transaction, and not in WHERE: there the planner expects one leased page, finds 1,700 and
// joins all of them with the batch, 71 ms a commit instead of 1.
constexpr std::string_view done_sql = R"(
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE {s}.page p SET state = CASE WHEN p.state = 'leased' AND p.worker = {worker} THEN 'done' END, claims = 0, error = NULL, fetched = v.fetched, stored = v.stored,
    quarantined = v.quarantined, duplicates = v.duplicates, total = v.total, content_hash = v.content_hash,
    done_at = {s}.clock(), fetch_ms = v.fetch_ms
FROM (VALUES {rows}) v (id, epoch, fetched, stored, quarantined, duplicates, total, content_hash, fetch_ms)
WHERE p.id = v.id AND p.epoch = v.epoch)";

struct Tally {
    std::int64_t slice = 0;
    int pass = 0;
    std::int64_t pages = 0, fetched = 0, stored = 0, quarantined = 0, duplicates = 0;
};

std::vector<Tally> tally(const std::vector<const PageResult*>& pages) {
    std::vector<Tally> sums;
    for (const PageResult* page : pages) {
        auto sum = std::find_if(sums.begin(), sums.end(), [&](const Tally& t) {
            return t.slice == page->claim.slice_id && t.pass == page->claim.pass;
        });
        if (sum == sums.end())
            sum = sums.insert(sums.end(), Tally{.slice = page->claim.slice_id, .pass = page->claim.pass});
        ++sum->pages;
        sum->fetched += page->fetched;
        sum->stored += page->stored;
        sum->quarantined += std::ssize(page->bad);
        sum->duplicates += page->duplicates;
    }
    return sums;
}

struct SliceKeys {
    std::int64_t slice = 0;
    int pass = 0;
    std::int64_t first_no = 0;
    std::vector<std::int64_t> hashes;
};

std::vector<SliceKeys> keys_by_slice(const std::vector<const PageResult*>& pages) {
    std::vector<SliceKeys> slices;
    for (const PageResult* page : pages) {
        auto keys = std::find_if(slices.begin(), slices.end(), [&](const SliceKeys& k) {
            return k.slice == page->claim.slice_id && k.pass == page->claim.pass;
        });
        if (keys == slices.end())
            keys = slices.insert(slices.end(), {.slice = page->claim.slice_id,
                                                .pass = page->claim.pass,
                                                .first_no = page->claim.no,
                                                .hashes = {}});
        keys->first_no = std::min(keys->first_no, page->claim.no);
        keys->hashes.insert(keys->hashes.end(), page->key_hashes.begin(), page->key_hashes.end());
    }
    return slices;
}

/// One row for all pages of a slice in the batch, by the lowest of their numbers: as a row a page they wrote
/// a fifth more WAL. A statement of its own, so that the hashes go as they are: as text they cost the server
/// 95 µs a page of 100 rows, twice what its share of everything else here does.
void insert_keys(postgres::Connection& connection, const Scope& scope,
                 const std::vector<const PageResult*>& pages) {
    std::vector<std::string> arrays;
    const std::string rows = join(keys_by_slice(pages), ",", [&](const SliceKeys& keys) {
        arrays.push_back(postgres::binary_array(keys.hashes));
        return row({std::to_string(keys.slice), std::to_string(keys.pass), std::to_string(keys.first_no),
                    "$" + std::to_string(arrays.size()) + "::bigint[]"});
    });
    connection.exec_binary(fill(keys_sql, scope, {{"rows", rows}}), arrays);
}

void insert_quarantine(postgres::Connection& connection, const Scope& scope,
                       const std::vector<const PageResult*>& pages) {
    std::string rows;
    const auto insert = [&] {
        if (!rows.empty()) connection.exec(fill(quarantine_sql, scope, {{"rows", rows}}));
        rows.clear();
    };
    for (const PageResult* page : pages)
        for (const record::BadRow& bad : page->bad) {
            if (!rows.empty()) rows += ',';
            rows += row({std::to_string(scope.run), std::to_string(page->claim.slice_id),
                         std::to_string(page->claim.pass), std::to_string(page->claim.no),
                         std::to_string(bad.row), text_literal(bad.reason), text_literal(bad.payload)});
            if (rows.size() >= quarantine_statement_bytes) insert();
        }
    insert();
}

/// Commits side by side do not see each other: the next one does, or the poll that finds the slice finished.
std::string stop_over_limit(const Scope& scope, const Policy& policy,
                            const std::vector<const PageResult*>& pages) {
    std::set<std::int64_t> slices;
    for (const PageResult* page : pages)
        if (!page->bad.empty()) slices.insert(page->claim.slice_id);
    if (!policy.quarantine_rows || slices.empty()) return "";
    return fill(stop_over_limit_sql, scope,
                {{"slices", bigint_array({slices.begin(), slices.end()})},
                 {"limit", std::to_string(*policy.quarantine_rows)}});
}

}  // namespace

bool begin_fenced(postgres::Connection& connection, const Scope& scope) {
    try {
        if (!connection.begin(fill(fence_sql, scope)).empty()) return true;
        connection.rollback();
        return false;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

std::optional<std::vector<bool>> begin_commit(postgres::Connection& connection, const Scope& scope,
                                              const std::vector<Claim>& claims) {
    try {
        const PagesNow pages =
            read(connection.begin(fill(begin_commit_sql, scope, {{"ids", ids_of(claims)}})));
        // No page at all: fenced, or all of them are gone.
        if (!pages.empty() || !connection.exec(fill(fence_sql, scope)).empty())
            return still_leased(pages, claims);
        connection.rollback();
        return std::nullopt;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

std::vector<bool> lock_pages(postgres::Connection& connection, const Scope& scope,
                             const std::vector<Claim>& claims) {
    return still_leased(lock_and_read(connection, scope, claims), claims);
}

void complete(postgres::Connection& connection, const Scope& scope, const Policy& policy,
              const std::vector<const PageResult*>& pages) {
    if (pages.empty()) return;
    insert_keys(connection, scope, pages);
    insert_quarantine(connection, scope, pages);
    std::string sql = plan_statements(scope, policy, pages);
    sql += fill(
        tally_sql, scope,
        {{"rows", join(tally(pages), ",", [](const Tally& sum) {
              return row({std::to_string(sum.slice), std::to_string(sum.pass), "pg_backend_pid()",
                          std::to_string(sum.pages), std::to_string(sum.fetched), std::to_string(sum.stored),
                          std::to_string(sum.quarantined), std::to_string(sum.duplicates)});
          })}});
    sql += stop_over_limit(scope, policy, pages);
    sql +=
        fill(done_sql, scope,
             {{"rows", join(pages, ",", [](const PageResult* page) {
                   return row({std::to_string(page->claim.page_id) + "::bigint",
                               std::to_string(page->claim.epoch) + "::bigint", std::to_string(page->fetched),
                               std::to_string(page->stored), std::to_string(page->bad.size()),
                               std::to_string(page->duplicates), optional_literal(page->total) + "::bigint",
                               "(" + std::to_string(page->content_hash) + ")::bigint",
                               std::to_string(page->fetch_ms)});
               })}});
    const auto done = connection.exec(sql);
    if (done.affected() != pages.size())
        throw Failure(ErrorKind::bug, "ledger",
                      "of " + std::to_string(pages.size()) + " locked pages only " +
                          std::to_string(done.affected()) + " were still leased");
}

std::vector<Resolution> resolve(postgres::Connection& connection, const Scope& scope,
                                const std::vector<Claim>& claims) {
    // A statement of its own is a transaction of its own; its locks go with it.
    const auto pages = lock_and_read(connection, scope, claims);
    std::vector<Resolution> resolutions;
    resolutions.reserve(claims.size());
    for (const Claim& claim : claims) {
        const auto page = pages.find(claim.page_id);
        const bool is_done =
            page != pages.end() && page->second.state == "done" && page->second.epoch == claim.epoch;
        resolutions.push_back(is_done                      ? Resolution::committed
                              : still_leased(pages, claim) ? Resolution::again
                                                           : Resolution::fenced);
    }
    return resolutions;
}

}  // namespace pagehaul::ledger
