#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../ledger/ledger_fixture.h"
#include "engine/write/committer.h"
#include "engine/write/targets.h"
#include "engine_context.h"

namespace pagehaul::engine::testing {

/// Real time for waits on a real server; chance fixed at almost no pause.
struct Real {
    config::Config config = two_row_pages();
    pagehaul::testing::FixedRandom random{0.0};
    StopControl stop;
    telemetry::Metrics metrics{"test"};
};

/// A run with one slice, its page 1 leased, and a table target (id, note).
class DatabaseTest : public ledger::testing::LedgerTest {
  protected:
    DatabaseTest() : worker(process()) {
        db.exec("CREATE TABLE target (id bigint PRIMARY KEY, note text NOT NULL)");
        // Counts tries: a sequence keeps its value when a transaction is rolled back.
        db.exec("CREATE SEQUENCE tries");
        started(*worker);
        context.scope = worker->scope;
        context.policies.only().page_size = 2;
        context.policies.only().total_advisory = true;
    }

    SessionOptions session(Millis patience) {
        return {.connect = {.dsn = dsn(), .application_name = "pagehaul " + worker->id},
                .role = "writer 1",
                .patience = patience};
    }
    /// What happens when a row with note 'odd' is merged: `body` is PL/pgSQL.
    void when_odd(const std::string& body) {
        db.exec(
            "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN IF new.note = 'odd' "
            "THEN " +
            body + " END IF; RETURN new; END $body$");
        db.exec("CREATE TRIGGER odd BEFORE INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION odd()");
    }
    /// The pages 1..n of the slice, leased to us.
    std::vector<ledger::Claim> leased(int pages) {
        auto claims = take(*worker);
        if (pages == 1) return claims;
        commit_without_rows(claims);
        return take(*worker);
    }
    FetchedPage fetched(const ledger::Claim& claim, const std::vector<std::string>& notes) {
        FetchedPage made;
        made.result = page(claim, static_cast<int>(notes.size()), 100);
        for (std::size_t row = 0; row < notes.size(); ++row) {
            made.copy += std::to_string(record::position(claim.no, static_cast<std::int32_t>(row))) + "\t" +
                         std::to_string(claim.no * 1000 + static_cast<std::int64_t>(row)) + "\t" +
                         notes[row] + "\n";
        }
        made.bytes = made.copy.size();
        context.held.add(claim.page_id, context.clock.now());
        return made;
    }
    template <class... Pages>
    static std::vector<FetchedPage> batch(Pages... pages) {
        std::vector<FetchedPage> made;
        (made.push_back(std::move(pages)), ...);
        return made;
    }
    std::string stored_notes() {
        return ask("SELECT coalesce(string_agg(note, ',' ORDER BY id), '') FROM target");
    }
    std::string quarantined() { return ask("SELECT count(*) FROM pagehaul.quarantine"); }
    std::string done_pages() { return ask("SELECT count(*) FROM pagehaul.page WHERE state = 'done'"); }

    std::unique_ptr<ledger::testing::Process> worker;
    Real real;
    Context context{.config = real.config,
                    .clock = system_clock(),
                    .random = real.random,
                    .stop = real.stop,
                    .metrics = real.metrics};
    Targets targets{real.config.sink};

  private:
    void commit_without_rows(const std::vector<ledger::Claim>& claims) {
        policy.page_size = 2;
        policy.total_advisory = true;
        std::vector<ledger::PageResult> results;
        for (const ledger::Claim& claim : claims)
            results.push_back(page(claim, 2, 20));
        commit(*worker, results);
    }
};

}  // namespace pagehaul::engine::testing
