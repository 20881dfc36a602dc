// src/ledger/README.md, "A run starts".
#include <future>

#include "ledger/left_slices.h"
#include "ledger/status.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Starting : public LedgerTest {
  protected:
    StartOutcome start_of(Process& process, const std::string& key,
                          const std::vector<std::string>& slices = {"all"}) {
        return start(process.work, request(process, key, slices));
    }
};

TEST_F(Starting, TheSameKeyOfALivingRunJoinsItAndOfADeadOneResumesItAtOnce) {
    auto one = process();
    started(*one);
    commit(*one, {page(take(*one).at(0), 10, 40)});
    ASSERT_EQ(take(*one, 2).size(), 2U);
    auto two = process();
    EXPECT_EQ(started(*two).kind, Started::Kind::joined);
    EXPECT_EQ(take(*two).size(), 1U) << "the leases of the living stay";
    kill(one);
    kill(two);
    auto three = process();
    const Started resumed = started(*three);
    EXPECT_EQ(resumed.kind, Started::Kind::resumed);
    EXPECT_EQ(resumed.pages_done, 1);
    EXPECT_EQ(take(*three).size(), 3U) << "the leases of the dead are free";
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run"), "1");
}

TEST_F(Starting, AnotherKeyIsRefusedWhileTheLockHolderIsFresh) {
    auto one = process();
    started(*one, "first");
    auto two = process();
    const StartOutcome outcome = start_of(*two, "second");
    const auto* busy = std::get_if<Busy>(&outcome);
    ASSERT_NE(busy, nullptr);
    EXPECT_EQ(busy->key, "first");
    EXPECT_EQ(busy->host, "host");
    EXPECT_EQ(busy->pid, 4711);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run"), "1");
}

TEST_F(Starting, WhoOnlyLooksForAHolderIsToldTheSameWithoutALock) {
    auto one = process();
    started(*one, "first");
    auto two = process();
    two->work.exec("SET lock_timeout = '1s'");
    // As a start has them, or a stop.
    one->work.begin("SELECT FROM pagehaul.pipeline_lock FOR UPDATE");
    const auto holder = look_for_holder(two->work, two->scope, "second");
    one->work.rollback();
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->run, one->scope.run);
    EXPECT_EQ(holder->key, "first");
    EXPECT_FALSE(look_for_holder(two->work, two->scope, "first")) << "a run of this key is to be joined";
    kill(one);
    EXPECT_FALSE(look_for_holder(two->work, two->scope, "second")) << "the dead hold nothing";
}

TEST_F(Starting, ASucceededRunsKeyIsSaidToHaveSucceeded) {
    auto one = process();
    started(*one);
    pull(*one, 5);
    auto two = process();
    EXPECT_TRUE(std::holds_alternative<AlreadySucceeded>(start_of(*two, "k")));
}

TEST_F(Starting, AKeyWhoseRunHadNoSliceIsFreeOnceThereAreSome) {
    auto early = process();
    const std::int64_t empty = started(*early, "k", {}).run;
    EXPECT_EQ(polled(*early).status, RunStatus::succeeded);
    auto again = process();
    const auto outcome = start(again->work, request(*again, "k", {}));
    ASSERT_TRUE(std::holds_alternative<AlreadySucceeded>(outcome));
    EXPECT_TRUE(std::get<AlreadySucceeded>(outcome).nothing_due);
    auto later = process();
    const Started planned = started(*later, "k", {"mon"});
    EXPECT_EQ(planned.kind, Started::Kind::planned);
    EXPECT_NE(planned.run, empty);
    const auto status = read_status(db, "pagehaul", "p", 10, 30'000);
    EXPECT_EQ(status.runs.at(1).state, "nothing due");
    EXPECT_THAT(status.runs.at(0).keys, ::testing::ElementsAre("k"));
}

TEST_F(Starting, ARunWhoseLastStepHasGrownSinceIsNotAdoptedButReplaced) {
    auto one = process();
    started(*one, "first", {"week"});
    kill(one);
    auto two = process();
    StartRequest grown = request(*two, "second", {"week"});
    grown.slices[0].params = "{\"name\":\"a day more\"}";
    const Started planned = started(*two, grown);
    EXPECT_EQ(planned.kind, Started::Kind::planned);
    EXPECT_THAT(planned.warnings, ::testing::IsEmpty()) << "the slice of the same key covers it";
    EXPECT_EQ(ask("SELECT state FROM pagehaul.run ORDER BY id LIMIT 1"), "superseded");
    EXPECT_EQ(take(*two).at(0).slice_params, grown.slices[0].params);
}

TEST_F(Starting, TheSameKeyWithAnotherConfigSaysWhatDiffers) {
    auto one = process();
    started(*one);
    kill(one);
    auto two = process();
    StartRequest other = request(*two, "k");
    other.fingerprint = "f2";
    other.fingerprint_text = "source.base_url = http://b\nsink.mode = upsert";
    const StartOutcome outcome = start(two->work, other);
    const auto* differs = std::get_if<Differs>(&outcome);
    ASSERT_NE(differs, nullptr);
    EXPECT_THAT(differs->lines, ::testing::ElementsAre("sink.table: was t, is absent now",
                                                       "source.base_url: was http://a, is http://b",
                                                       "sink.mode: was absent, is upsert"));
}

TEST_F(Starting, AnotherKeyAdoptsAnUnfinishedRunOfTheSameConfigAndReopensWhatFailed) {
    auto one = process();
    started(*one, "first", {"a", "b"});
    auto claims = take(*one);
    commit(*one, {page(claims.at(0), 10, 30)});
    commit(*one, {page(claims.at(1), 3, 30)});  // capped: the slice fails
    claims = take(*one);
    record(one->work, one->scope,
           {{.claim = claims.at(0), .kind = Setback::Kind::refused, .error = "404", .payload = ""}});
    kill(one);
    auto two = process();
    const Started adopted = started(*two, "second", {"a", "b"});
    EXPECT_EQ(adopted.kind, Started::Kind::adopted);
    EXPECT_EQ(pages(), "1 done, 2 pending, 3 pending, 1 pending");
    EXPECT_EQ(ask("SELECT pass || ' ' || first_pass || ' ' || state FROM pagehaul.slice WHERE key = 'b'"),
              "2 2 open");
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.quarantine"), "0");
    EXPECT_EQ(ask("SELECT string_agg(key, ',' ORDER BY key) FROM pagehaul.run_key"), "first,second");
    EXPECT_EQ(pull(*two, 30).status, RunStatus::succeeded);
}

TEST_F(Starting, AnotherSliceSetCarriesUnprovenSlicesOverAndSupersedesTheOldRun) {
    auto one = process();
    started(*one, "first", {"mon", "tue"});
    auto claims = take(*one);
    commit(*one, {page(claims.at(0), 5, 5)});
    polled(*one);
    kill(one);
    auto two = process();
    const Started planned = started(*two, "second", {"wed"});
    EXPECT_EQ(planned.kind, Started::Kind::planned);
    EXPECT_THAT(planned.warnings,
                ::testing::ElementsAre(::testing::HasSubstr("slice tue carried over from run")));
    EXPECT_EQ(ask("SELECT string_agg(key, ',' ORDER BY id) FROM pagehaul.slice WHERE run_id = " +
                  std::to_string(planned.run)),
              "wed,tue");
    EXPECT_EQ(ask("SELECT state FROM pagehaul.run ORDER BY id LIMIT 1"), "superseded");
    auto three = process();
    EXPECT_EQ(started(*three, "first").run, planned.run) << "the old run's key points to the new run";
}

TEST_F(Starting, AnUnfinishedRunThatIsOlderThanASuccessIsNeverAdopted) {
    auto monday = process();
    started(*monday, "monday");
    commit(*monday, {page(take(*monday).at(0), 10, 30)});
    kill(monday);
    auto tuesday = process();
    StartRequest mended = request(*tuesday, "tuesday");
    mended.fingerprint = "f2";
    started(*tuesday, mended);
    ASSERT_EQ(pull(*tuesday, 30).status, RunStatus::succeeded);

    auto wednesday = process();
    EXPECT_EQ(started(*wednesday, "wednesday").kind, Started::Kind::planned)
        << "monday's rows are older than tuesday's";
    EXPECT_EQ(pull(*wednesday, 30).pages_done, 3);
    EXPECT_EQ(ask("SELECT string_agg(state, ',' ORDER BY id) FROM pagehaul.run"),
              "superseded,succeeded,succeeded");
}

TEST_F(Starting, AdoptionPullsAnewWhatWasStoredTooLongAgoAndKeepsTheRest) {
    auto one = process();
    started(*one, "first", {"proven", "half", "untouched"});
    const auto claims = take(*one);
    commit(*one, {page(claims.at(0), 5, 5), page(claims.at(1), 10, 30)});
    polled(*one);
    ASSERT_EQ(ask("SELECT string_agg(state, ',' ORDER BY id) FROM pagehaul.slice"), "proven,open,open");
    kill(one);

    advance(std::chrono::hours(11));
    auto two = process();
    EXPECT_THAT(started(*two, "second", {"proven", "half", "untouched"}).warnings, ::testing::IsEmpty());
    EXPECT_EQ(ask("SELECT string_agg(pass::text, ',' ORDER BY id) FROM pagehaul.slice"), "1,1,1");
    kill(two);

    advance(std::chrono::hours(2));
    auto three = process();
    const Started adopted = started(*three, "third", {"proven", "half", "untouched"});
    EXPECT_EQ(adopted.kind, Started::Kind::adopted);
    EXPECT_EQ(adopted.pages_done, 0);
    EXPECT_THAT(adopted.warnings,
                ::testing::ElementsAre("2 slices are pulled again: stored longer ago than run.adopt_within"));
    EXPECT_EQ(ask("SELECT string_agg(pass || ' ' || first_pass || ' ' || state, ',' ORDER BY id) FROM "
                  "pagehaul.slice"),
              "2 2 open,2 2 open,1 1 open");
    EXPECT_EQ(pull(*three, 5).status, RunStatus::succeeded);
}

TEST_F(Starting, TheSameKeyResumesHoweverLongAgoItsPagesWereStored) {
    auto one = process();
    started(*one, "first");
    commit(*one, {page(take(*one).at(0), 10, 30)});
    kill(one);
    advance(std::chrono::hours(24 * 30));
    auto two = process();
    const Started resumed = started(*two, "first");
    EXPECT_EQ(resumed.kind, Started::Kind::resumed);
    EXPECT_EQ(resumed.pages_done, 1);
}

TEST_F(Starting, ATableThatIsNotTheOneThePagesWereStoredInIsPulledAgainWhole) {
    auto one = process();
    StartRequest first = request(*one, "first", {"proven", "half", "untouched"});
    first.target = {"16384:16384", "16390:16390"};
    started(*one, first);
    const auto claims = take(*one);
    commit(*one, {page(claims.at(0), 5, 5), page(claims.at(1), 10, 30)});
    polled(*one);
    kill(one);

    auto two = process();
    StartRequest grown = request(*two, "first");
    grown.target = {"16384:16384", "16390:16390", "16400:16400"};
    EXPECT_THAT(started(*two, grown).warnings, ::testing::IsEmpty()) << "a partition more takes no row away";
    kill(two);

    auto three = process();
    StartRequest truncated = request(*three, "first");
    truncated.target = {"16384:16384", "16390:17001", "16400:16400"};
    const Started resumed = started(*three, truncated);
    EXPECT_THAT(resumed.warnings,
                ::testing::ElementsAre(::testing::AllOf(::testing::HasSubstr("sink.table was dropped"),
                                                        ::testing::HasSubstr("2 slices are pulled again"))));
    EXPECT_EQ(resumed.pages_done, 0);
    EXPECT_EQ(ask("SELECT string_agg(pass || ' ' || first_pass || ' ' || state, ',' ORDER BY id) FROM "
                  "pagehaul.slice"),
              "2 2 open,2 2 open,1 1 open");
    kill(three);

    auto four = process();
    truncated = request(*four, "first");
    truncated.target = {"16384:16384", "16390:17001", "16400:16400"};
    EXPECT_THAT(started(*four, truncated).warnings, ::testing::IsEmpty()) << "it is remembered now";
    EXPECT_EQ(pull(*four, 5).status, RunStatus::succeeded);
}

TEST_F(Starting, AProcessThatJoinsAndFindsAnotherTableLeavesOthersTheirPagesFirst) {
    auto one = process();
    StartRequest first = request(*one, "k", {"a"});
    first.target = {"1:1"};
    started(*one, first);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    const auto held = take(*one);
    ASSERT_EQ(held.size(), 2U);

    auto two = process();
    StartRequest other = request(*two, "k", {"a"});
    other.target = {"1:2"};
    EXPECT_THAT(started(*two, other).warnings,
                ::testing::ElementsAre(::testing::HasSubstr("1 slice is pulled again")));
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "1");
    commit(*one, {page(held.at(0), 10), page(held.at(1), 10)});
    polled(*two);
    EXPECT_EQ(ask("SELECT pass || ' ' || moved FROM pagehaul.slice"),
              "2 sink.table is not the table that its pages were stored in");
    EXPECT_EQ(pull(*two, 30).status, RunStatus::succeeded);
}

TEST_F(Starting, FreshAdoptsNothingCarriesNothingOverAndGivesUpWhatIsUnfinished) {
    auto one = process();
    started(*one, "first", {"old"});
    kill(one);
    auto two = process();
    StartRequest fresh = request(*two, "second", {"new"});
    fresh.fresh = true;
    fresh.fingerprint = "f2";
    const Started planned = started(*two, fresh);
    EXPECT_EQ(planned.kind, Started::Kind::planned);
    EXPECT_THAT(planned.warnings, ::testing::IsEmpty());
    EXPECT_EQ(ask("SELECT string_agg(state, ',' ORDER BY id) FROM pagehaul.run"), "superseded,running");
    EXPECT_EQ(ask("SELECT string_agg(s.key, ',') FROM pagehaul.slice s JOIN pagehaul.run r ON r.id = "
                  "s.run_id WHERE r.state = 'running'"),
              "new");
    EXPECT_EQ(ask("SELECT state || ': ' || abandoned FROM pagehaul.slice WHERE key = 'old'"),
              "abandoned: run 2 was started with --fresh");
}

TEST_F(Starting, AMendedConfigCarriesOverWhatTheOldOneDidNotFinish) {
    auto one = process();
    started(*one, "first", {"mon"});
    kill(one);
    auto two = process();
    StartRequest mended = request(*two, "second", {"tue"});
    mended.fingerprint = "f2";
    EXPECT_THAT(started(*two, mended).warnings,
                ::testing::ElementsAre("slice mon carried over from run 1, which did not finish it"));
    EXPECT_EQ(ask("SELECT string_agg(state, ',' ORDER BY id) FROM pagehaul.run"), "superseded,running");
    EXPECT_EQ(ask("SELECT string_agg(key || coalesce(' from ' || carried_from, ''), ',' ORDER BY id) "
                  "FROM pagehaul.slice WHERE run_id = 2"),
              "tue,mon from 1");
    EXPECT_EQ(ask("SELECT taken_over_by FROM pagehaul.slice WHERE run_id = 1"), "2");
}

TEST_F(Starting, ASliceOfOtherDimensionsStaysLeftUntilItIsAbandoned) {
    auto one = process();
    started(*one, "first", {"mon"});
    kill(one);
    auto two = process();
    StartRequest other = request(*two, "second", {"tue"});
    other.fingerprint = "f2";
    other.parameters = {{"", {"day"}}};
    EXPECT_THAT(
        started(*two, other).warnings,
        ::testing::ElementsAre(::testing::HasSubstr("`pagehaul abandon \"mon\" --why TEXT` closes it")));
    EXPECT_EQ(ask("SELECT string_agg(key, ',') FROM pagehaul.slice WHERE run_id = 2"), "tue");
    const auto status = [&] { return read_status(db, "pagehaul", "p", 5, 30'000); };
    ASSERT_EQ(status().slices_left, 1);
    EXPECT_EQ(status().left.at(0).slice, "mon");

    EXPECT_TRUE(std::holds_alternative<NothingLeft>(abandon(db, two->scope, "wed", "because")));
    const auto outcome = abandon(db, two->scope, "mon", "because");
    EXPECT_THAT(std::get<Abandoned>(outcome).slices, ::testing::ElementsAre("mon of run 1"));
    EXPECT_EQ(ask("SELECT state || ' ' || abandoned FROM pagehaul.slice WHERE key = 'mon'"),
              "abandoned because");
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page WHERE run_id = 1"), "0");
    EXPECT_EQ(status().slices_left, 0);
}

TEST_F(Starting, WhatOlderRunsLeftDoesNotDecideARunAndIsTakenOverAgain) {
    auto one = process();
    started(*one, "first", {"poisoned"});
    kill(one);
    auto two = process();
    started(*two, "second", {"new"});
    const auto claims = take(*two);
    ASSERT_EQ(claims.size(), 2U);
    commit(*two, {page(claims.at(0), 5, 5)});
    EXPECT_EQ(polled(*two).status, RunStatus::running) << "the old slice may still be pulled";
    record(two->work, two->scope,
           {{.claim = claims.at(1), .kind = Setback::Kind::refused, .error = "404", .payload = ""}});
    const RunState state = polled(*two);
    EXPECT_EQ(state.status, RunStatus::succeeded);
    EXPECT_EQ(state.slices_left, 1);
    EXPECT_THAT(state.left, ::testing::ElementsAre("poisoned, left by run 1: page 1: 404"));
    EXPECT_EQ(state.slices_open + state.slices_failed + state.pages_refused, 0);
    kill(two);
    auto three = process();
    EXPECT_THAT(started(*three, "third", {"new"}).warnings,
                ::testing::ElementsAre("slice poisoned carried over from run 2, which did not finish it"));
}

TEST_F(Starting, AnOwnSliceThatFailsIsNoneOfThem) {
    auto one = process();
    started(*one, "first", {"mine"});
    record(one->work, one->scope,
           {{.claim = take(*one).at(0), .kind = Setback::Kind::refused, .error = "404", .payload = ""}});
    const RunState state = polled(*one);
    EXPECT_EQ(state.status, RunStatus::running);
    EXPECT_EQ(state.slices_left, 0);
    EXPECT_EQ(state.pages_refused, 1);
}

TEST_F(Starting, AnAbandonedRunGivesItsKeyUp) {
    auto one = process();
    started(*one, "first", {"mon", "tue"});
    EXPECT_TRUE(std::holds_alternative<NothingLeft>(
        abandon(db, {.schema = "pagehaul", .pipeline = "p", .worker = {}}, "1", "no")))
        << "it is at work";
    kill(one);
    abandon(db, {.schema = "pagehaul", .pipeline = "p", .worker = {}}, "1", "no");
    auto two = process();
    const Started begun = started(*two, "first", {"mon"});
    EXPECT_EQ(begun.kind, Started::Kind::planned);
    EXPECT_THAT(begun.warnings, ::testing::IsEmpty());
    EXPECT_EQ(ask("SELECT string_agg(state, ',' ORDER BY id) FROM pagehaul.run"), "superseded,running");
}

TEST_F(Starting, ARunWithAnAbandonedSliceSucceedsWithTheOthers) {
    auto one = process();
    started(*one, "first", {"mon", "tue"});
    commit(*one, {page(take(*one).at(0), 5, 5)});
    kill(one);
    abandon(db, {.schema = "pagehaul", .pipeline = "p", .worker = {}}, "tue", "no");
    auto two = process();
    started(*two, "first", {"mon", "tue"});
    EXPECT_EQ(polled(*two).status, RunStatus::succeeded);
}

TEST_F(Starting, OfTwoAtOnceOneGetsThePipelineAndTheOtherIsRefused) {
    auto one = process();
    auto two = process();
    db.exec("INSERT INTO pagehaul.pipeline_lock (pipeline, expires_at) VALUES ('p', 'epoch')");
    // Both get as far as they can: to the lock that the first has, or to this one.
    db.begin("LOCK TABLE pagehaul.worker IN SHARE MODE");
    std::future<StartOutcome> starts[] = {
        std::async(std::launch::async, [&] { return start_of(*one, "first"); }),
        std::async(std::launch::async, [&] { return start_of(*two, "second"); })};
    while (
        ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE "
            "'pagehaul %'") != "2") {
    }
    db.commit();
    int let_in = 0;
    int refused = 0;
    for (auto& start : starts) {
        const StartOutcome outcome = start.get();
        let_in += std::holds_alternative<Started>(outcome) ? 1 : 0;
        refused += std::holds_alternative<Busy>(outcome) ? 1 : 0;
    }
    EXPECT_EQ(let_in, 1);
    EXPECT_EQ(refused, 1);
}

TEST_F(Starting, UnavailablePagesBecomePendingForTheNextProcessOfTheRunAndRefusedOnesDoNot) {
    auto one = process();
    started(*one);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    const auto claims = take(*one);
    record(one->work, one->scope,
           {{.claim = claims.at(0), .kind = Setback::Kind::unavailable, .error = "503", .payload = ""},
            {.claim = claims.at(1), .kind = Setback::Kind::refused, .error = "404", .payload = ""}});
    auto two = process();
    started(*two);
    EXPECT_EQ(pages(), "1 done, 2 pending, 3 failed");
    EXPECT_EQ(take(*two).at(0).attempts, 0);
    EXPECT_EQ(ask("SELECT string_agg(page_no::text, ',') FROM pagehaul.quarantine"), "3");
}

class AfterALongPause : public Starting {
  protected:
    /// Page 1 waits for an hour, and only the ledger knows.
    void wait_for_an_hour(Process& process) {
        started(process, "first");
        record(process.work, process.scope,
               {{.claim = take(process).at(0),
                 .counts = false,
                 .delay = Millis{3'600'000},
                 .error = "429",
                 .payload = ""}});
    }
};

TEST_F(AfterALongPause, TheRunsNextProcessAsksAtOnce) {
    auto one = process();
    wait_for_an_hour(*one);
    kill(one);
    auto two = process();
    EXPECT_EQ(started(*two, "first").kind, Started::Kind::resumed);
    EXPECT_EQ(take(*two).size(), 1U);
}

TEST_F(AfterALongPause, SoDoesARunThatIsAdopted) {
    auto one = process();
    wait_for_an_hour(*one);
    kill(one);
    auto two = process();
    EXPECT_EQ(started(*two, "second").kind, Started::Kind::adopted);
    EXPECT_EQ(take(*two).size(), 1U);
}

TEST_F(AfterALongPause, AProcessThatJoinsWaitsAsTheOthersDo) {
    auto one = process();
    wait_for_an_hour(*one);
    auto two = process();
    EXPECT_EQ(started(*two, "first").kind, Started::Kind::joined);
    EXPECT_EQ(take(*two).size(), 0U);
}

TEST_F(Starting, RetryPlansTheSlicesWithFailuresOrQuarantinedRows) {
    policy.quarantine_rows = 10;
    auto one = process();
    started(*one, "first", {"good", "bad row", "failed"});
    const auto claims = take(*one);
    PageResult bad = page(claims.at(1), 5, 5);
    bad.stored = 4;
    bad.bad = {{.row = 2, .reason = "r", .payload = "{}"}};
    PageResult failed = page(claims.at(2), 5, 5);
    failed.slice_error = "wrong";
    commit(*one, {page(claims.at(0), 5, 5), bad, failed});
    polled(*one);
    kill(one);
    auto two = process();
    StartRequest retry = request(*two, "retry");
    retry.intent = StartRequest::Intent::retry;
    started(*two, retry);
    EXPECT_EQ(ask("SELECT string_agg(key, ',' ORDER BY id) FROM pagehaul.slice WHERE run_id = " +
                  std::to_string(two->scope.run)),
              "bad row,failed");
    EXPECT_EQ(pull(*two, 5).status, RunStatus::succeeded);
    auto three = process();
    retry = request(*three, "retry again");
    retry.intent = StartRequest::Intent::retry;
    EXPECT_TRUE(std::holds_alternative<NothingToRetry>(start(three->work, retry)));
}

TEST_F(Starting, RetryWithNothingFailedSaysWhichRunIsUnfinished) {
    auto one = process();
    started(*one, "first");
    commit(*one, {page(take(*one).at(0), 10, 30)});
    kill(one);
    auto two = process();
    StartRequest retry = request(*two, "retry");
    retry.intent = StartRequest::Intent::retry;
    const StartOutcome outcome = start(two->work, retry);
    const auto* unfinished = std::get_if<Unfinished>(&outcome);
    ASSERT_NE(unfinished, nullptr);
    EXPECT_EQ(std::to_string(unfinished->run), ask("SELECT id FROM pagehaul.run"));

    StartRequest fresh = request(*two, "second");
    fresh.fresh = true;
    started(*two, fresh);
    pull(*two, 30);
    EXPECT_TRUE(std::holds_alternative<NothingToRetry>(start(two->work, retry)))
        << "a newer run has pulled the slice";
}

TEST_F(Starting, AStartRepeatedAfterALostCommitAnswerNamesTheNewBackend) {
    auto one = process();
    started(*one);
    db.exec("UPDATE pagehaul.worker SET stopped_at = now()");
    postgres::Connection heart({.dsn = dsn(), .application_name = "pagehaul " + one->id});
    StartRequest again = request(*one, "k");
    again.worker.backend_pid = heart.backend_pid();
    started(*one, again);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.worker w JOIN pg_stat_activity a ON a.pid = w.backend_pid "
                  "AND a.backend_start = w.backend_start WHERE w.stopped_at IS NULL AND w.backend_pid = " +
                  std::to_string(heart.backend_pid())),
              "1");
}

TEST_F(Starting, BehindPgBouncerOnlyTheHeartbeatTellsADeadProcess) {
    auto one = process(true);
    started(*one, "first");
    kill(one);
    auto two = process(true);
    EXPECT_TRUE(std::holds_alternative<Busy>(start_of(*two, "second")));
    advance(Millis{30'001});
    EXPECT_TRUE(std::holds_alternative<Started>(start_of(*two, "second")));
}

TEST_F(Starting, MigratingTwiceDoesNothingAndANewerLedgerIsRefused) {
    EXPECT_TRUE(migrate(db, "pagehaul").empty());
    db.exec("INSERT INTO pagehaul.schema_version (version) VALUES (99)");
    try {
        migrate(db, "pagehaul");
        FAIL() << "a newer ledger was accepted";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::config);
        EXPECT_THAT(failure.error().message, ::testing::HasSubstr("version 99"));
    }
}

TEST_F(Starting, AMissingPrivilegeNamesTheGrantThatHelps) {
    db.exec("CREATE ROLE nobody_much LOGIN");
    std::string poor = dsn();
    poor.replace(poor.find("user=postgres"), 13, "user=nobody_much");
    postgres::Connection connection({.dsn = poor, .application_name = "test"});
    try {
        migrate(connection, "elsewhere");
        FAIL() << "no privilege was missing";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.error().message, ::testing::HasSubstr("GRANT CREATE ON DATABASE"));
    }
    db.exec("DROP ROLE nobody_much");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
