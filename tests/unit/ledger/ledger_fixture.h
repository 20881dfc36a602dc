#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/claims.h"
#include "ledger/commit.h"
#include "ledger/migrations.h"
#include "ledger/proof.h"
#include "ledger/run_state.h"
#include "ledger/start.h"
#include "ledger/status.h"
#include "throwaway_postgres.h"

namespace pagehaul::ledger::testing {

/// A process as the ledger sees it: a worker id, a heartbeat connection, and one that does the work.
struct Process {
    std::string id;
    postgres::Connection heart;
    postgres::Connection work;
    Scope scope;

    Process(const std::string& dsn, const std::string& worker, bool pgbouncer = false)
        : id(worker),
          heart({.dsn = dsn, .application_name = "pagehaul " + worker}),
          work({.dsn = dsn, .application_name = "pagehaul " + worker}),
          scope{.schema = "pagehaul", .pipeline = "p", .worker = worker, .pgbouncer = pgbouncer} {}
};

/// A database with a ledger whose clock the test may move.
class LedgerTest : public pagehaul::testing::PostgresTest {
  protected:
    LedgerTest() : db(connect()) {
        migrate(db, "pagehaul");
        db.exec("CREATE TABLE test_clock (ahead interval NOT NULL)");
        db.exec("INSERT INTO test_clock VALUES ('0')");
        db.exec(
            "CREATE OR REPLACE FUNCTION pagehaul.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            "'SELECT clock_timestamp() + (SELECT ahead FROM public.test_clock)'");
    }

    static std::string uuid(int number) {
        std::string digits = std::to_string(number);
        return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
    }
    std::unique_ptr<Process> process(bool pgbouncer = false) {
        return std::make_unique<Process>(dsn(), uuid(++processes_), pgbouncer);
    }
    void advance(Millis span) {
        db.exec("UPDATE test_clock SET ahead = ahead + " + std::to_string(span.count()) +
                " * interval '1 millisecond'");
    }

    /// The process dies: its connections close, and the server has noticed.
    void kill(std::unique_ptr<Process>& dead) {
        const int backend = dead->heart.backend_pid();
        dead.reset();
        await_end_of(backend);
    }

    static StartRequest request(Process& process, const std::string& key,
                                const std::vector<std::string>& slices = {"all"}) {
        StartRequest request{.schema = "pagehaul",
                             .pipeline = "p",
                             .key = key,
                             .fingerprint = "f1",
                             .fingerprint_text = "source.base_url = http://a\nsink.table = t",
                             .slices = {},
                             .parameters = {{"", {"name"}}},
                             .target = {},
                             .worker = {.id = process.id,
                                        .host = "host",
                                        .pid = 4711,
                                        .backend_pid = process.heart.backend_pid()},
                             .pgbouncer = process.scope.pgbouncer};
        for (const std::string& slice : slices)
            request.slices.push_back({.key = slice, .params = "{\"name\":\"" + slice + "\"}"});
        return request;
    }
    /// Starts, expects to be let in, and notes the run in the process's scope.
    Started started(Process& process, const StartRequest& request) {
        const StartOutcome outcome = start(process.work, request);
        const auto* started = std::get_if<Started>(&outcome);
        if (started == nullptr) throw std::runtime_error("not started");
        process.scope.run = started->run;
        return *started;
    }
    Started started(Process& process, const std::string& key = "k",
                    const std::vector<std::string>& slices = {"all"}) {
        return started(process, request(process, key, slices));
    }

    /// A page of `fetched` rows whose keys no other page has.
    static PageResult page(const Claim& claim, int fetched, std::optional<std::int64_t> total = {}) {
        PageResult result;
        result.claim = claim;
        result.fetched = result.stored = fetched;
        result.total = total;
        for (int row = 0; row < fetched; ++row)
            result.key_hashes.push_back((claim.slice_id << 40) + (claim.no << 20) + row);
        result.content_hash = -(claim.slice_id << 40) - (claim.no << 20) - fetched;
        return result;
    }
    /// One commit of these pages, without a target. @return how many were still ours; nullopt when fenced.
    std::optional<int> commit(Process& process, const std::vector<PageResult>& results) {
        std::vector<Claim> claims;
        for (const PageResult& result : results)
            claims.push_back(result.claim);
        const auto ours = begin_commit(process.work, process.scope, claims);
        if (!ours) return std::nullopt;
        std::vector<const PageResult*> kept;
        for (std::size_t i = 0; i < results.size(); ++i)
            if ((*ours)[i]) kept.push_back(&results[i]);
        complete(process.work, process.scope, policy, kept);
        process.work.commit();
        return static_cast<int>(kept.size());
    }
    std::vector<Claim> take(Process& process, int limit = 1000) {
        return claim(process.work, process.scope, limit, true);
    }
    RunState polled(Process& process) { return poll(process.work, process.scope, policy); }
    /// Claims and commits until nothing is left, as an API would that has `rows` rows in each slice.
    RunState pull(Process& process, std::int64_t rows) {
        for (;;) {
            const RunState state = polled(process);
            const auto claims = take(process);
            if (claims.empty()) return state;
            std::vector<PageResult> results;
            for (const Claim& claim : claims) {
                if (claim.is_proof()) {
                    prove(process, claim, reading(rows));
                    continue;
                }
                results.push_back(page(claim, rows_of(claim.no, rows), told(claim.no, rows)));
            }
            if (!results.empty()) commit(process, results);
        }
    }
    std::optional<ProofVerdict> prove(Process& process, const Claim& claim, const ProofReading& reading) {
        return ledger::prove(process.work, process.scope, policy, {{.claim = claim, .reading = reading}})
            .front();
    }
    ProofReading reading(std::int64_t rows) const { return {.total = told(1, rows), .rows_beyond_end = 0}; }
    int rows_of(std::int64_t no, std::int64_t rows) const {
        return static_cast<int>(
            std::clamp<std::int64_t>(rows - (no - 1) * policy.page_size, 0, policy.page_size));
    }
    std::optional<std::int64_t> told(std::int64_t no, std::int64_t rows) const {
        if (policy.total == Policy::Known::nothing) return std::nullopt;
        if (no > 1 && !policy.total_on_every_page) return std::nullopt;
        return rows;
    }

    std::string ask(const std::string& sql) {
        const auto rows = db.exec(sql);
        return rows.empty() ? "no row" : rows[0][0].value_or("NULL");
    }
    /// "state no" of the slices' current pass, in order.
    std::string pages() {
        return ask(
            "SELECT coalesce(string_agg(p.no || ' ' || p.state, ', ' ORDER BY s.id, p.no), '') FROM "
            "pagehaul.page p JOIN pagehaul.slice s ON s.id = p.slice_id AND s.pass = p.pass");
    }

    postgres::Connection db;
    Policy policy{.page_size = 10, .quarantine_rows = {}, .quarantine_fraction = {}};

  private:
    int processes_ = 0;
};

}  // namespace pagehaul::ledger::testing
