// Facts about PostgreSQL that the ledger rests on, tried again here.
#include <atomic>
#include <future>
#include <thread>

#include "ledger/blockers.h"
#include "ledger/keys.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Tried : public LedgerTest {
  protected:
    /// True as soon as a backend waits for a lock.
    void wait_until_blocked(int backend) {
        while (ask("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + std::to_string(backend)) !=
               "Lock") {
        }
    }
    /// As a process does whose connections were ended.
    void reconnect(Process& process) {
        for (postgres::Connection* connection : {&process.heart, &process.work})
            *connection = postgres::Connection({.dsn = dsn(), .application_name = "pagehaul " + process.id});
    }
};

TEST_F(Tried, ATakerIsNotStarvedByOverlappingWriters) {
    auto one = process();
    started(*one);
    std::atomic<bool> stop{false};
    std::vector<std::jthread> writers;
    for (int i = 0; i < 3; ++i)
        writers.emplace_back([&, connection = std::make_shared<postgres::Connection>(connect())] {
            while (!stop && begin_fenced(*connection, one->scope)) {
                connection->exec("SELECT pg_sleep(0.02)");
                connection->commit();
            }
        });
    const auto begun = std::chrono::steady_clock::now();
    settle(one->work, one->scope, "");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    stop = true;
    writers.clear();
    EXPECT_EQ(ask("SELECT run_id FROM pagehaul.pipeline_lock"), "NULL");
}

TEST_F(Tried, AFenceThatWaitedForATakerIsRefusedOnceTheRunIsSetToNull) {
    auto one = process();
    started(*one);
    db.begin("SELECT 1 FROM pagehaul.pipeline_lock FOR UPDATE");
    auto fenced = std::async(std::launch::async, [&] { return begin_fenced(one->work, one->scope); });
    wait_until_blocked(one->work.backend_pid());
    db.exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
    db.commit();
    EXPECT_FALSE(fenced.get());
}

TEST_F(Tried, AFenceThatWaitedPassesWhenOnlyTheExpiryChanged) {
    auto one = process();
    started(*one);
    db.begin("SELECT 1 FROM pagehaul.pipeline_lock FOR UPDATE");
    auto fenced = std::async(std::launch::async, [&] { return begin_fenced(one->work, one->scope); });
    wait_until_blocked(one->work.backend_pid());
    db.exec("UPDATE pagehaul.pipeline_lock SET expires_at = 'epoch'");
    db.commit();
    EXPECT_TRUE(fenced.get());
}

TEST_F(Tried, TheFencesSecondStatementSeesWhatTheTakerCommittedWhileTheFirstWaited) {
    auto one = process();
    started(*one);
    auto two = process();
    two->scope.run = one->scope.run;
    ASSERT_TRUE(begin_fenced(two->work, two->scope));
    const std::string key = ask(
        "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND pid = " +
        std::to_string(two->work.backend_pid()));
    two->work.rollback();
    db.begin("SELECT pg_advisory_xact_lock(" + key + ")");
    auto claims = std::async(std::launch::async, [&] { return take(*one); });
    wait_until_blocked(one->work.backend_pid());
    db.exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
    db.commit();
    EXPECT_TRUE(claims.get().empty());
}

TEST_F(Tried, TwoClaimersShareThePagesWithoutWaiting) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    commit(*one, {page(take(*one).at(0), 10, 100)});
    // A claimer's transaction that is still open: OF page leaves the slice to the second claimer.
    one->work.begin(
        "SELECT p.id FROM pagehaul.page p JOIN pagehaul.slice s ON s.id = p.slice_id WHERE p.state = "
        "'pending' ORDER BY p.no LIMIT 4 FOR UPDATE OF p SKIP LOCKED");
    EXPECT_EQ(take(*two).size(), 5U);
    one->work.rollback();
    one->work.begin(
        "SELECT p.id FROM pagehaul.page p JOIN pagehaul.slice s ON s.id = p.slice_id WHERE p.state = "
        "'pending' ORDER BY p.no LIMIT 2 FOR UPDATE SKIP LOCKED");
    EXPECT_TRUE(take(*two).empty()) << "without OF page the second claimer gets nothing";
    one->work.rollback();
}

TEST_F(Tried, InDoubtAPlainReadLiesAndForUpdateWaitsForTheOldBackend) {
    auto one = process();
    started(*one);
    const auto claims = take(*one);
    ASSERT_TRUE(begin_fenced(one->work, one->scope));
    lock_pages(one->work, one->scope, claims);
    const PageResult result = page(claims[0], 10, 30);
    complete(one->work, one->scope, policy, {&result});
    postgres::Connection again = connect();
    EXPECT_EQ(again.exec("SELECT state FROM pagehaul.page WHERE no = 1").text(0, 0), "leased")
        << "a plain read says that nothing happened";
    auto resolved = std::async(std::launch::async, [&] { return resolve(again, one->scope, claims); });
    wait_until_blocked(again.backend_pid());
    one->work.commit();
    EXPECT_EQ(resolved.get().at(0), Resolution::committed);
}

TEST_F(Tried, ALostTransactionIsResolvedAsAgainAndALostLeaseAsFenced) {
    auto one = process();
    started(*one);
    const auto claims = take(*one);
    EXPECT_EQ(resolve(one->work, one->scope, claims).at(0), Resolution::again);
    record(one->work, one->scope,
           {{.claim = claims[0], .kind = Setback::Kind::returned, .error = "", .payload = ""}});
    EXPECT_EQ(resolve(one->work, one->scope, claims).at(0), Resolution::fenced);
    Claim missing = claims[0];
    missing.page_id = 999'999;
    EXPECT_EQ(resolve(one->work, one->scope, {missing}).at(0), Resolution::fenced);
}

/// A process that is stopped inside a commit: its transaction is open, its heart has stopped, its backends
/// live.
TEST_F(Tried, AStoppedProcessThatHoldsLocksIsEndedByTheTakerAndItsCommitIsLost) {
    auto one = process();
    started(*one, "first");
    const auto claims = take(*one);
    ASSERT_TRUE(begin_fenced(one->work, one->scope));
    lock_pages(one->work, one->scope, claims);
    const PageResult result = page(claims[0], 5, 5);
    complete(one->work, one->scope, policy, {&result});
    advance(Millis{30'001});
    auto two = process();
    EXPECT_EQ(started(*two, "second").kind, Started::Kind::adopted);
    EXPECT_THROW(one->work.commit(), postgres::SqlError);
    EXPECT_EQ(pull(*two, 5).status, RunStatus::succeeded);
}

TEST_F(Tried, AfterAStallOnlyAWorkerWithSteadyBeatsJudgesByTimeAndNeverItself) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    ASSERT_EQ(take(*one).size(), 1U);
    advance(Millis{40'000});
    beat(two->heart, two->scope);
    EXPECT_EQ(reap(two->work, two->scope, Millis{60'000}, false).pages, 0);
    EXPECT_EQ(reap(one->work, one->scope, Millis{1}, true).pages, 0) << "never on itself";
    const Reaped reaped = reap(two->work, two->scope, Millis{60'000}, true);
    EXPECT_EQ(reaped.pages, 1);
    EXPECT_EQ(reaped.backends, 2);
}

TEST_F(Tried, LeasesOlderThanAPageCanLiveAreReapedWithoutCountingAgainstThePage) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    take(*one);
    advance(Millis{20'000});
    beat(one->heart, one->scope);
    EXPECT_EQ(reap(two->work, two->scope, Millis{10'000}, true).pages, 1);
    EXPECT_EQ(take(*two).at(0).claims, 0);
}

TEST_F(Tried, ALeaseThatItsHolderRenewsIsNeverTooOld) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    const std::int64_t page = take(*one).at(0).page_id;
    const std::string leased_at = "SELECT leased_at FROM pagehaul.page";
    const std::string before = ask(leased_at);
    renew_leases(one->work, one->scope, {page}, Millis{60'000});
    EXPECT_EQ(ask(leased_at), before) << "it is young yet";
    advance(Millis{20'000});
    beat(one->heart, one->scope);
    renew_leases(two->work, two->scope, {page}, Millis{5'000});
    EXPECT_EQ(ask(leased_at), before) << "it is another's";
    renew_leases(one->work, one->scope, {page}, Millis{5'000});
    EXPECT_EQ(reap(two->work, two->scope, Millis{10'000}, true).pages, 0);
}

TEST_F(Tried, APageThatKillsItsWorkerIsClaimedAloneAndThenFails) {
    for (int death = 1; death <= 3; ++death) {
        auto victim = process();
        started(*victim);
        if (death == 1) commit(*victim, {page(take(*victim).at(0), 10, 30)});
        const auto claims = take(*victim);
        ASSERT_EQ(claims.size(), death == 3 ? 1U : 2U) << "a page lost twice comes alone";
        EXPECT_EQ(claims[0].alone, death == 3);
        EXPECT_TRUE(claim(victim->work, victim->scope, 10, false).empty());
        advance(Millis{30'001});
    }
    auto last = process();
    started(*last);
    EXPECT_EQ(pages(), "1 done, 2 failed, 3 pending");
    EXPECT_THAT(ask("SELECT reason FROM pagehaul.quarantine"), ::testing::HasSubstr("kills its worker"));
    EXPECT_EQ(polled(*last).pages_refused, 1);
}

/// The heartbeat's connection of a live process is cut, and a peer sees no backend until the next beat.
TEST_F(Tried, AHeartbeatsConnectionThatFlapsIsNoDeathOfItsWorker) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    for (int flap = 1; flap <= 4; ++flap) {
        ASSERT_EQ(take(*one).size(), 1U) << "flap " << flap;
        db.exec("UPDATE pagehaul.worker SET backend_start = 'epoch' WHERE id = '" + one->id + "'");
        ASSERT_EQ(reap(two->work, two->scope, Millis{60'000}, false).pages, 1);
        reconnect(*one);
        beat(one->heart, one->scope);
    }
    EXPECT_EQ(pages(), "1 pending");
    EXPECT_EQ(ask("SELECT claims FROM pagehaul.page"), "1");
    // Nor do two that flap in turn make two deaths.
    take(*two);
    db.exec("UPDATE pagehaul.worker SET backend_start = 'epoch' WHERE id = '" + two->id + "'");
    reap(one->work, one->scope, Millis{60'000}, false);
    EXPECT_EQ(ask("SELECT claims FROM pagehaul.page"), "1");
}

TEST_F(Tried, AnotherRolesBackendIsLeftAloneAndNamedWhereItIsInTheWay) {
    auto one = process();
    started(*one, "first");
    ASSERT_TRUE(begin_fenced(one->work, one->scope));
    advance(Millis{30'001});
    const std::string role = "plain_" + std::to_string(db.backend_pid());
    db.exec("CREATE ROLE " + role + "; GRANT USAGE ON SCHEMA pagehaul TO " + role +
            "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pagehaul TO " + role +
            "; GRANT SELECT ON test_clock TO " + role);
    auto two = process();
    two->work.exec("SET ROLE " + role);
    two->scope.run = one->scope.run;
    Reaped reaped;
    EXPECT_NO_THROW(reaped = reap(two->work, two->scope, Millis{60'000}, true));
    EXPECT_EQ(reaped.backends, 0);
    EXPECT_NO_THROW(one->work.commit()) << "it was not ended";
    ASSERT_TRUE(begin_fenced(one->work, one->scope));
    const std::string backend = "backend " + std::to_string(one->work.backend_pid());
    EXPECT_THAT(lock_holder(two->work, two->scope), ::testing::StartsWith(backend));
    one->work.rollback();
    EXPECT_EQ(lock_holder(two->work, two->scope), "");
    two->work.exec("RESET ROLE");
    db.exec("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(Tried, BehindPgBouncerAFrozenTransactionIsEndedAndAnIdleBackendIsNot) {
    auto frozen = process(true);
    started(*frozen, "first");
    ASSERT_TRUE(begin_fenced(frozen->work, frozen->scope));
    auto two = process(true);
    two->scope.run = frozen->scope.run;
    EXPECT_EQ(reap(two->work, two->scope, Millis{60'000}, true).backends, 0) << "its heartbeat is fresh";
    advance(Millis{30'001});
    EXPECT_EQ(started(*two, "second").kind, Started::Kind::adopted);
    EXPECT_THROW(frozen->work.commit(), postgres::SqlError);
    EXPECT_NO_THROW(frozen->heart.exec("SELECT 1")) << "a pooler may have given it to another process";
}

TEST_F(Tried, ANullKeyIsInsertedAgainByOnConflict) {
    db.exec("CREATE TABLE t (k int UNIQUE)");
    for (int pull = 0; pull < 2; ++pull)
        db.exec("INSERT INTO t VALUES (NULL), (1) ON CONFLICT (k) DO UPDATE SET k = excluded.k");
    EXPECT_EQ(ask("SELECT count(*) FROM t"), "3");
}

TEST_F(Tried, KeysAreCountedInPiecesAndInParts) {
    auto one = process();
    started(*one, "k", {"a", "b"});
    db.exec(
        "INSERT INTO pagehaul.page_keys SELECT s.id, 1, no, (SELECT string_agg(int8send(hashint8extended(no "
        "* "
        "100 + i, 7)), '') FROM generate_series(1, 100) i) FROM pagehaul.slice s, generate_series(1, 3000) "
        "no;"
        "UPDATE pagehaul.slice SET state = 'proven', proof = 'counts', distinct_keys = 300000");
    db.begin();
    const std::vector<std::int64_t> ids{std::stoll(ask("SELECT min(id) FROM pagehaul.slice")),
                                        std::stoll(ask("SELECT max(id) FROM pagehaul.slice"))};
    EXPECT_EQ(count_keys(db, one->scope, ids),
              (std::unordered_map<std::int64_t, std::int64_t>{{ids.at(0), 300'000}, {ids.at(1), 300'000}}));
    EXPECT_EQ(count_all_keys(db, one->scope, "", 600'000), 300'000);
    db.rollback();
}

/// Two writers, each with one of the last two pages, in transactions that overlap: each sees one page
/// unfinished. The poll after them sees none.
TEST_F(Tried, TheLastTwoPagesInOverlappingCommitsStillGetTheirProof) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    const auto first = take(*one, 1);
    const auto second = take(*two, 1);
    const PageResult a = page(first.at(0), 10);
    const PageResult b = page(second.at(0), 10);
    for (auto [who, what] : {std::pair{one.get(), &a}, std::pair{two.get(), &b}}) {
        ASSERT_TRUE(begin_fenced(who->work, who->scope));
        lock_pages(who->work, who->scope, {what->claim});
        complete(who->work, who->scope, policy, {what});
    }
    const std::string unfinished = "SELECT count(*) FROM pagehaul.page WHERE state <> 'done'";
    EXPECT_EQ(one->work.exec(unfinished).integer(0, 0), 1);
    EXPECT_EQ(two->work.exec(unfinished).integer(0, 0), 1);
    one->work.commit();
    two->work.commit();
    EXPECT_EQ(polled(*one).pages_pending, 1);
    polled(*two);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page WHERE no = 0"), "1") << "one prover by construction";
}

TEST_F(Tried, APollDoesNotStartTheNextPassBehindAClaimInFlight) {
    auto one = process();
    started(*one);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    db.exec("UPDATE pagehaul.slice SET drift = 'moved'");
    // What a claim holds while it is in flight.
    one->work.begin("SELECT 1 FROM pagehaul.slice FOR KEY SHARE");
    auto two = process();
    started(*two);
    polled(*two);
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "1");
    one->work.rollback();
    polled(*two);
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "2");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
