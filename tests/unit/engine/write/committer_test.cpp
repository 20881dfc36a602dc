#include "engine/write/committer.h"

#include <random>

#include "database.h"
#include "engine/write/salvage.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

using ::testing::Contains;
using testing::DatabaseTest;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Millis kPatience{60'000};

class CommitterTest : public DatabaseTest {
  protected:
    void store(std::vector<FetchedPage> pages, Millis patience = kPatience) {
        Committer committer(context, targets, session(patience));
        committer.commit(std::move(pages), real.stop.cancel_token());
    }
    Error failure_of(std::vector<FetchedPage> pages, Millis patience = kPatience) {
        try {
            store(std::move(pages), patience);
        } catch (const Failure& failure) {
            return failure.error();
        }
        ADD_FAILURE() << "expected a failure";
        return {};
    }
};

TEST_F(CommitterTest, StoresABatchAndLetsItsLeasesGo) {
    const auto claims = leased(2);
    store(batch(fetched(claims[0], {"a", "b"}), fetched(claims[1], {"c"})));
    EXPECT_EQ(stored_notes(), "a,b,c");
    EXPECT_EQ(context.tallies.rows_changed, 3);
    EXPECT_EQ(context.tallies.pages_stored, 2);
    EXPECT_EQ(context.held.size(), 0U);
}

TEST_F(CommitterTest, AKeyThatIsThereIsMergedAndSoAreTheBatchesAfterIt) {
    auto claims = leased(3);
    claims.resize(3);
    db.exec("INSERT INTO target (id, note) VALUES (" + std::to_string(claims[0].no * 1000) + ", 'old')");
    Committer committer(context, targets, session(kPatience));
    for (const ledger::Claim& claim : claims)
        committer.commit(batch(fetched(claim, {"a", "b"})), real.stop.cancel_token());
    EXPECT_EQ(stored_notes(), "a,b,a,b,a,b");
    EXPECT_EQ(context.tallies.rows_changed, 6);
    EXPECT_EQ(done_pages(), "4") << "one was done before";
}

TEST_F(CommitterTest, LeavesOutAPageThatIsNotOursAnyMore) {
    const auto claims = leased(2);
    db.exec("UPDATE pagehaul.page SET epoch = epoch + 1 WHERE id = " + std::to_string(claims[0].page_id));
    store(batch(fetched(claims[0], {"a"}), fetched(claims[1], {"b"})));
    EXPECT_EQ(stored_notes(), "b");
    EXPECT_EQ(context.tallies.pages_stored, 1);
}

TEST_F(CommitterTest, RepeatsTheWholeTransactionAfterALostConnection) {
    when_odd("IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;");
    store(batch(fetched(leased(1)[0], {"a", "odd"})));
    EXPECT_EQ(stored_notes(), "a,odd");
    EXPECT_EQ(done_pages(), "1");
}

TEST_F(CommitterTest, GivesUpOnALostConnectionWhenPatienceIsOver) {
    when_odd("PERFORM pg_terminate_backend(pg_backend_pid());");
    EXPECT_EQ(failure_of(batch(fetched(leased(1)[0], {"odd"})), Millis{0}).kind, ErrorKind::transient);
}

TEST_F(CommitterTest, RepeatsADeadlockUntilItIsOver) {
    when_odd("IF nextval('tries') <= 3 THEN RAISE 'deadlock' USING errcode = '40P01'; END IF;");
    store(batch(fetched(leased(1)[0], {"a", "odd"})));
    EXPECT_EQ(stored_notes(), "a,odd");
    EXPECT_EQ(ask("SELECT last_value FROM tries"), "4");
}

TEST_F(CommitterTest, AStopEndsTheRepeating) {
    when_odd("RAISE 'deadlock' USING errcode = '40P01';");
    real.stop.cancel(StopCause::sigterm, "");
    EXPECT_EQ(failure_of(batch(fetched(leased(1)[0], {"odd"}))).kind, ErrorKind::cancelled);
}

TEST_F(CommitterTest, AnotherRunsLockFencesIt) {
    auto pages = batch(fetched(leased(1)[0], {"a"}));
    db.exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
    EXPECT_EQ(failure_of(std::move(pages)).kind, ErrorKind::fenced);
    EXPECT_EQ(stored_notes(), "");
}

TEST_F(CommitterTest, ARefusedRowIsFoundAndTheRestOfTheBatchStored) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    const auto claims = leased(2);
    store(batch(fetched(claims[0], {"a", "odd", "b"}), fetched(claims[1], {"c"})));
    EXPECT_EQ(stored_notes(), "a,b,c");
    EXPECT_EQ(quarantined(), "1");
    EXPECT_EQ(context.tallies.rows_quarantined, 1);
    EXPECT_EQ(context.tallies.rows_changed, 3);
    EXPECT_THAT(ask("SELECT reason || payload FROM pagehaul.quarantine"),
                AllOf(HasSubstr("no such note"), HasSubstr(R"("note")")));
    EXPECT_EQ(ask("SELECT row_no FROM pagehaul.quarantine"), "1");
}

TEST_F(CommitterTest, APageOfOneRefusedRowIsQuarantined) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    store(batch(fetched(leased(1)[0], {"odd"})));
    EXPECT_EQ(quarantined(), "1");
    EXPECT_EQ(done_pages(), "1");
}

TEST_F(CommitterTest, APageWithTooManyRefusedRowsIsQuarantinedWhole) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    std::vector<std::string> notes(kMaxRefusedRows + 1, "odd");
    notes.push_back("a");
    store(batch(fetched(leased(1)[0], notes)));
    EXPECT_EQ(stored_notes(), "");
    EXPECT_EQ(quarantined(), std::to_string(notes.size()));
    EXPECT_EQ(done_pages(), "1");
}

TEST_F(CommitterTest, AsManyRefusedRowsAsAreAllowedAreLeftOut) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    std::vector<std::string> notes(kMaxRefusedRows, "odd");
    notes.push_back("a");
    store(batch(fetched(leased(1)[0], notes)));
    EXPECT_EQ(stored_notes(), "a");
}

TEST_F(CommitterTest, TheSameErrorOnEveryRowIsTheConfigsFault) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    const std::vector<std::string> notes(kMinAlike, "odd");
    const Error error = failure_of(batch(fetched(leased(1)[0], notes)));
    EXPECT_EQ(error.kind, ErrorKind::data);
    EXPECT_THAT(error.message, HasSubstr("every row"));
    EXPECT_EQ(done_pages(), "0");
}

TEST_F(CommitterTest, TheSameErrorOnEachOfAFewRowsIsTheDatas) {
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    const std::vector<std::string> notes(kMinAlike - 1, "odd");
    store(batch(fetched(leased(1)[0], notes)));
    EXPECT_EQ(quarantined(), std::to_string(notes.size()));
    EXPECT_EQ(done_pages(), "1");
}

TEST_F(CommitterTest, WhatTheServerSaysOfARowIsForTheQuarantineAndNotForTheLog) {
    const log::Capture capture;
    when_odd("RAISE 'no such note' USING errcode = '22000', detail = 'row-canary';");
    store(batch(fetched(leased(1)[0], {"a", "odd"})));
    EXPECT_THAT(ask("SELECT reason FROM pagehaul.quarantine"), HasSubstr("row-canary"));
    EXPECT_THAT(capture.lines(), Contains(HasSubstr("no such note")));
    EXPECT_THAT(capture.lines(), Not(Contains(HasSubstr("canary"))));
}

TEST_F(CommitterTest, ARowTooLargeForAnIndexIsQuarantined) {
    db.exec("CREATE INDEX ON target (note)");
    std::mt19937 chance(1);  // what compresses well would fit
    std::string large;
    while (large.size() < 20'000)
        large += "0123456789abcdef"[chance() % 16];
    store(batch(fetched(leased(1)[0], {"a", large, "b"})));
    EXPECT_EQ(stored_notes(), "a,b");
    EXPECT_THAT(ask("SELECT reason FROM pagehaul.quarantine"), HasSubstr("index row requires"));
}

TEST_F(CommitterTest, ARowThatADeferredConstraintRefusesIsFoundToo) {
    db.exec("CREATE TABLE known (note text PRIMARY KEY)");
    db.exec("INSERT INTO known VALUES ('a'), ('b')");
    db.exec("ALTER TABLE target ADD FOREIGN KEY (note) REFERENCES known DEFERRABLE INITIALLY DEFERRED");
    store(batch(fetched(leased(1)[0], {"a", "odd", "b"})));
    EXPECT_EQ(stored_notes(), "a,b");
    EXPECT_EQ(ask("SELECT row_no FROM pagehaul.quarantine"), "1");
}

TEST_F(CommitterTest, AnotherUniqueIndexIsTheConfigsFault) {
    db.exec("CREATE UNIQUE INDEX ON target (note)");
    const Error error = failure_of(batch(fetched(leased(1)[0], {"a", "a"})));
    EXPECT_EQ(error.kind, ErrorKind::data);
    EXPECT_EQ(error.origin, "sink.key");
}

TEST_F(CommitterTest, AnotherUniqueIndexFoundAmongRefusedRowsIsTheConfigsFaultToo) {
    db.exec("CREATE UNIQUE INDEX ON target (note)");
    when_odd("RAISE 'no such note' USING errcode = '22000';");
    const Error error = failure_of(batch(fetched(leased(1)[0], {"a", "a", "odd"})));
    EXPECT_EQ(error.origin, "sink.key");
}

}  // namespace
}  // namespace pagehaul::engine
