#include "ledger/commit.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/fault.h"
#include "core/join.h"
#include "ledger/chain.h"
#include "ledger/children.h"
#include "ledger/key_count.h"
#include "ledger/plan.h"
#include "ledger/prove_at_once.h"
#include "ledger/statement.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger {
namespace {

// Each statement of a joined query takes its own snapshot: the fence sees what the taker committed whose
// exclusive lock the first statement waited for.
constexpr std::string_view fence_sql = R"({by_catalog}
SELECT pg_advisory_xact_lock_shared({advisory});
SELECT 1 {of_holder})";
constexpr std::string_view of_holder_sql = R"(
FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id
WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND r.state = 'running' FOR KEY SHARE OF l)";

// The fence and the pages in one round trip. Nobody waits for the disk: a crash of the server loses a page's
// rows and its `done` together, and the page is asked for again. The verdict's own commit waits, and with it
// all that went before.
//
// Its own names are found in pg_catalog. What follows is the target's, whose triggers, constraints and
// defaults may count on the role's search_path: that comes back while the last statement runs, when its names
// are found already, and stays until settling_sql.
constexpr std::string_view begin_commit_sql = R"(
SET LOCAL synchronous_commit = off;
SELECT pg_catalog.set_config('pagehaul.search_path', pg_catalog.current_setting('search_path'), true);
{by_catalog}
SELECT pg_advisory_xact_lock_shared({advisory});
WITH fence AS MATERIALIZED (
    SELECT set_config('search_path', current_setting('pagehaul.search_path'), true) {of_holder})
SELECT id, state, epoch, worker = {worker} FROM {s}.page
WHERE (SELECT count(*) FROM fence) > 0 AND id = ANY ({ids}) ORDER BY id FOR UPDATE)";

// FOR UPDATE where resolve() only reads, too: while the backend whose answer was lost still commits, a plain
// read says that nothing happened; this one waits for it.
constexpr std::string_view lock_pages_sql = R"({by_catalog}
SELECT id, state, epoch, worker = {worker} FROM {s}.page WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE)";

/// Where the fence finds its row.
std::string of_holder(const Scope& scope) {
    return sabotaged("no_fence") ? "" : fill(of_holder_sql, scope);
}

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
    if (sabotaged("no_epoch")) return page != pages.end();
    return page != pages.end() && page->second.state == "leased" && page->second.epoch == claim.epoch &&
           page->second.is_ours;
}

std::vector<bool> still_leased(const PagesNow& pages, const std::vector<Claim>& claims) {
    std::vector<bool> leased;
    leased.reserve(claims.size());
    for (const Claim& claim : claims)
        leased.push_back(claim.has_row() ? still_leased(pages, claim)
                                         : !leased.empty() && leased.back() && claim.follows(*(&claim - 1)));
    return leased;
}

// The target's deferred triggers run now, under the role's search_path; what follows is ours alone.
constexpr std::string_view settling_sql = "SET CONSTRAINTS ALL IMMEDIATE; {by_catalog}\n";

constexpr std::string_view quarantine_sql =
    "INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, row_no, reason, payload) VALUES {rows}";
// Rows of 10 KB that all convert wrongly: their text is there several times while a statement is made of it.
constexpr std::size_t quarantine_statement_bytes = 1 << 20;
constexpr std::string_view keys_sql = "INSERT INTO {s}.page_keys (slice_id, pass, no, keys) VALUES {rows}";
// A backend's row is its own: commits side by side do not meet here.
constexpr std::string_view tally_sql = R"(
INSERT INTO {s}.tally AS t (slice_id, pass, backend, pages, fetched, stored, quarantined, duplicates)
SELECT v.slice_id, v.pass, pg_backend_pid(), v.pages, v.fetched, v.stored, v.quarantined, v.duplicates
FROM unnest({slices}, {passes}, {pages}, {fetched}, {stored}, {quarantined}, {duplicates})
    v (slice_id, pass, pages, fetched, stored, quarantined, duplicates)
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
// Last, so that its count of rows is the answer.
// Lease and worker were checked by lock_pages and are locked since; asked for again in the CASE, where a NULL
// would break the transaction, and not in WHERE: there the planner expects one leased page, finds 1,700 and
// joins all of them with the batch, 71 ms a commit instead of 1.
constexpr std::string_view done_sql = R"(
UPDATE {s}.page p SET state = CASE WHEN p.state = 'leased' AND p.worker = {worker} THEN 'done' END, claims = 0, error = NULL, fetched = v.fetched, stored = v.stored,
    quarantined = v.quarantined, duplicates = v.duplicates, total = v.total, content_hash = v.content_hash,
    done_at = {s}.clock(), fetch_ms = v.fetch_ms
FROM unnest({ids}, {epochs}, {fetched}, {stored}, {quarantined}, {duplicates}, {totals}, {hashes}, {fetch_ms})
    v (id, epoch, fetched, stored, quarantined, duplicates, total, content_hash, fetch_ms)
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

/// What `value_of` gives of each element, as an array of SQL: of a list of VALUES every field is parsed and
/// planned, which took the server longer than what is done with them.
template <class Elements, class ValueOf>
std::string array_of(const Elements& elements, const ValueOf& value_of) {
    std::vector<std::optional<std::int64_t>> values;
    values.reserve(elements.size());
    for (const auto& element : elements)
        values.push_back(value_of(element));
    return nullable_bigint_array(values);
}

std::string tally_statement(const Scope& scope, const std::vector<Tally>& sums) {
    const auto each = [&](std::int64_t Tally::*member) {
        return array_of(sums, [&](const Tally& sum) { return sum.*member; });
    };
    return fill(tally_sql, scope,
                {{"slices", each(&Tally::slice)},
                 {"passes", array_of(sums, [](const Tally& sum) { return sum.pass; })},
                 {"pages", each(&Tally::pages)},
                 {"fetched", each(&Tally::fetched)},
                 {"stored", each(&Tally::stored)},
                 {"quarantined", each(&Tally::quarantined)},
                 {"duplicates", each(&Tally::duplicates)}});
}

std::string done_statement(const Scope& scope, const std::vector<const PageResult*>& pages) {
    const auto each = [&](const auto& value_of) { return array_of(pages, value_of); };
    return fill(done_sql, scope,
                {{"ids", each([](const PageResult* page) { return page->claim.page_id; })},
                 {"epochs", each([](const PageResult* page) { return page->claim.epoch; })},
                 {"fetched", each([](const PageResult* page) { return page->fetched; })},
                 {"stored", each([](const PageResult* page) { return page->stored; })},
                 {"quarantined", each([](const PageResult* page) { return std::ssize(page->bad); })},
                 {"duplicates", each([](const PageResult* page) { return page->duplicates; })},
                 {"totals", each([](const PageResult* page) { return page->total; })},
                 {"hashes", each([](const PageResult* page) { return page->content_hash; })},
                 {"fetch_ms", each([](const PageResult* page) { return page->fetch_ms; })}});
}

struct SliceKeys {
    std::int64_t slice = 0;
    int pass = 0;
    std::int64_t first_no = 0;
    std::vector<std::int64_t> hashes;
};

/// Of slices that are proven by now one stands for all of a stream and a proof: their keys are only counted
/// with all of the stream's, and what takes a proof back takes it from all that have it.
std::vector<SliceKeys> keys_by_slice(const std::vector<const PageResult*>& pages,
                                     const ProvenSlices& proven) {
    std::vector<SliceKeys> slices;
    std::map<std::pair<std::string_view, std::string_view>, std::int64_t> stand_for;
    for (const PageResult* page : pages) {
        std::int64_t slice = page->claim.slice_id;
        if (const auto by = proven.find(slice); by != proven.end())
            slice = stand_for.try_emplace({page->claim.stream, by->second}, slice).first->second;
        auto keys = std::find_if(slices.begin(), slices.end(), [&](const SliceKeys& k) {
            return k.slice == slice && (k.pass == page->claim.pass || slice != page->claim.slice_id);
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
                 const std::vector<const PageResult*>& pages, const ProvenSlices& proven) {
    std::vector<std::string> packed;
    const std::string rows = join(keys_by_slice(pages, proven), ",", [&](const SliceKeys& keys) {
        packed.push_back(pack_keys(keys.hashes));
        return row({std::to_string(keys.slice), std::to_string(keys.pass), std::to_string(keys.first_no),
                    "$" + std::to_string(packed.size()) + "::pg_catalog.bytea"});
    });
    connection.exec_binary(fill(keys_sql, scope, {{"rows", rows}}), packed);
}

void insert_quarantine(postgres::Connection& connection, const Scope& scope,
                       const std::vector<const PageResult*>& pages) {
    std::string rows;
    const auto insert = [&] {
        if (!rows.empty())
            connection.exec(fill(settling_sql, scope) + fill(quarantine_sql, scope, {{"rows", rows}}));
        rows.clear();
    };
    for (const PageResult* page : pages)
        for (const record::BadRow& bad : page->bad) {
            if (!rows.empty()) rows += ',';
            rows += row({std::to_string(scope.run), std::to_string(page->claim.slice_id),
                         std::to_string(page->claim.pass), std::to_string(page->claim.no),
                         std::to_string(bad.row), told_literal(scope, bad.reason),
                         told_literal(scope, bad.payload)});
            if (rows.size() >= quarantine_statement_bytes) insert();
        }
    insert();
}

/// Commits side by side do not see each other: the next one does, or the poll that finds the slice finished.
std::string stop_over_limit(const Scope& scope, const Policies& policies,
                            const std::vector<const PageResult*>& pages) {
    std::set<std::int64_t> slices;
    for (const PageResult* page : pages)
        if (!page->bad.empty()) slices.insert(page->claim.slice_id);
    const auto& limit = policies.first().quarantine_rows;
    if (!limit || slices.empty()) return "";
    return fill(
        stop_over_limit_sql, scope,
        {{"slices", bigint_array({slices.begin(), slices.end()})}, {"limit", std::to_string(*limit)}});
}

}  // namespace

bool begin_fenced(postgres::Connection& connection, const Scope& scope) {
    try {
        if (!connection.begin(fill(fence_sql, scope, {{"of_holder", of_holder(scope)}})).empty()) return true;
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
        const PagesNow pages = read(connection.begin(
            fill(begin_commit_sql, scope, {{"ids", ids_of(claims)}, {"of_holder", of_holder(scope)}})));
        // No page at all: fenced, or all of them are gone.
        if (!pages.empty() ||
            !connection.exec(fill(fence_sql, scope, {{"of_holder", of_holder(scope)}})).empty())
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

std::vector<Claim> complete(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                            const std::vector<const PageResult*>& batch) {
    if (batch.empty()) return {};
    const std::string settling = fill(settling_sql, scope);
    if (policies.any_linked()) connection.exec(settling);
    const ChainedPages chained(connection, scope, policies, batch);
    const std::vector<const PageResult*>& pages = chained.kept();
    const ProvenSlices proven = prove_at_once(connection, scope, policies, pages, settling);
    insert_keys(connection, scope, pages, proven);
    insert_quarantine(connection, scope, pages);
    std::string sql = settling + plan_statements(scope, policies, pages, proven) + chained.statements() +
                      child_statements(scope, policies, pages);
    sql += tally_statement(scope, tally(pages));
    sql += stop_over_limit(scope, policies, pages);
    std::vector<const PageResult*> leased = pages;
    std::erase_if(leased, [](const PageResult* page) { return !page->claim.has_row(); });
    sql += done_statement(scope, leased);
    const auto done = connection.exec(sql);
    if (done.affected() != leased.size())
        throw Failure(ErrorKind::bug, "ledger",
                      "of " + std::to_string(leased.size()) + " locked pages only " +
                          std::to_string(done.affected()) + " were still leased");
    return chained.lease_heads(connection);
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
        // In the transaction of the page before it.
        if (!claim.has_row()) {
            resolutions.push_back(resolutions.empty() ? Resolution::fenced : resolutions.back());
            continue;
        }
        resolutions.push_back(is_done                      ? Resolution::committed
                              : still_leased(pages, claim) ? Resolution::again
                                                           : Resolution::fenced);
    }
    return resolutions;
}

}  // namespace pagehaul::ledger
