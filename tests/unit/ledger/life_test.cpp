// A run from its start to its end, one process at a time: the transitions of slices and pages.
#include "ledger/blockers.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using Life = LedgerTest;

TEST_F(Life, PageOnePlansTheOthersFromTheTotal) {
    auto worker = process();
    EXPECT_EQ(started(*worker).kind, Started::Kind::planned);
    EXPECT_EQ(pages(), "1 pending");
    const auto claims = take(*worker);
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].no, 1);
    EXPECT_EQ(claims[0].epoch, 1);
    EXPECT_EQ(claims[0].slice_key, "all");
    EXPECT_EQ(claims[0].slice_params, "{\"name\":\"all\"}");
    EXPECT_EQ(commit(*worker, {page(claims[0], 10, 35)}), 1);
    EXPECT_EQ(pages(), "1 done, 2 pending, 3 pending, 4 pending");
}

TEST_F(Life, ARunOfOneSliceIsProvenByCountsAndSucceeds) {
    auto worker = process();
    started(*worker);
    const RunState state = pull(*worker, 35);
    EXPECT_EQ(state.status, RunStatus::succeeded);
    EXPECT_EQ(state.proof, "counts");
    EXPECT_EQ(state.slices_proven, 1);
    EXPECT_EQ(state.pages_done, 4);
    EXPECT_EQ(state.rows_stored, 35);
    EXPECT_EQ(state.rows_fetched, 35);
    EXPECT_EQ(state.rows_told, 35);
    EXPECT_EQ(ask("SELECT run_id FROM pagehaul.pipeline_lock"), "NULL");
}

TEST_F(Life, TheProofClaimTellsTotalPagesAndTheLastPagesRows) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 20)});
    EXPECT_TRUE(polled(*worker).pages_pending == 1);
    commit(*worker, {page(take(*worker).at(0), 10)});
    EXPECT_EQ(polled(*worker).pages_pending, 1);
    const auto claims = take(*worker);
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_TRUE(claims[0].is_proof());
    EXPECT_EQ(claims[0].total, 20);
    EXPECT_EQ(claims[0].planned, 2);
    EXPECT_EQ(claims[0].last_fetched, 10);
}

TEST_F(Life, ASliceOfOneShortPageIsProvenByThatAnswer) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 7, 7)});
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page WHERE no = 0"), "0");
}

TEST_F(Life, AnEmptySliceIsProvenToo) {
    auto worker = process();
    started(*worker);
    EXPECT_EQ(pull(*worker, 0).status, RunStatus::succeeded);
}

TEST_F(Life, ARunWithoutSlicesSucceeds) {
    auto worker = process();
    started(*worker, "k", {});
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

TEST_F(Life, APageOneThatShowsACappedPageSizeFailsItsSliceNamingBothNumbers) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 5, 35)});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.slices_failed, 1);
    ASSERT_EQ(state.failures.size(), 1U);
    EXPECT_EQ(state.failures[0],
              "all: the API caps the page size: source.pagination.size is 10, page 1 brought 5 rows of a "
              "total of 35 rows");
    EXPECT_EQ(pages(), "1 done");
}

TEST_F(Life, MorePagesThanMaxPagesFailTheSliceBeforeAnythingIsInserted) {
    policy.max_pages = 3;
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 31)});
    EXPECT_THAT(polled(*worker).failures.at(0), ::testing::HasSubstr("needs 4 pages"));
    EXPECT_EQ(pages(), "1 done");
}

TEST_F(Life, ASliceErrorFailsTheSliceAndStillRecordsThePage) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 30)});
    auto claims = take(*worker, 1);
    PageResult broken = page(claims.at(0), 10);
    broken.slice_error = "rows 3 and 4 have equal keys";
    commit(*worker, {broken});
    const RunState state = polled(*worker);
    EXPECT_THAT(state.failures, ::testing::ElementsAre("all: rows 3 and 4 have equal keys"));
    EXPECT_EQ(state.pages_pending, 0);
    EXPECT_EQ(pages(), "1 done, 2 done");
}

TEST_F(Life, ATransientSetbackCountsAnAttemptAndWaitsForItsDelay) {
    auto worker = process();
    started(*worker);
    const auto claims = take(*worker);
    EXPECT_EQ(record(worker->work, worker->scope,
                     {{.claim = claims[0], .delay = Millis{5000}, .error = "503", .payload = ""}}),
              1);
    EXPECT_TRUE(take(*worker).empty());
    EXPECT_NEAR(static_cast<double>(polled(*worker).next_due.value().count()), 5000, 1500);
    advance(Millis{5001});
    EXPECT_EQ(polled(*worker).next_due, Millis{0});
    const auto again = take(*worker);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempts, 1);
    EXPECT_EQ(again[0].epoch, 2);
}

TEST_F(Life, ThrottlingAndReturningCountNoAttempt) {
    auto worker = process();
    started(*worker);
    record(worker->work, worker->scope,
           {{.claim = take(*worker).at(0), .counts = false, .error = "429", .payload = ""}});
    const auto again = take(*worker);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempts, 0);
    record(worker->work, worker->scope,
           {{.claim = again[0], .kind = Setback::Kind::returned, .error = "", .payload = ""}});
    EXPECT_EQ(take(*worker).at(0).attempts, 0);
}

TEST_F(Life, UnavailableAndRefusedPagesFailApartAndAreQuarantinedWhole) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 40)});
    const auto claims = take(*worker);
    ASSERT_EQ(claims.size(), 3U);
    record(worker->work, worker->scope,
           {{.claim = claims[0], .kind = Setback::Kind::unavailable, .error = "8 x 503", .payload = ""},
            {.claim = claims[1],
             .kind = Setback::Kind::refused,
             .error = "404",
             .payload = std::string("not \0 here \xff", 12)}});
    commit(*worker, {page(claims[2], 10)});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.status, RunStatus::running);
    EXPECT_EQ(state.pages_unavailable, 1);
    EXPECT_EQ(state.pages_refused, 1);
    EXPECT_EQ(state.slices_open, 1);
    EXPECT_EQ(pages(), "1 done, 2 failed, 3 failed, 4 done");
    EXPECT_EQ(ask("SELECT string_agg(page_no || ' ' || reason, ', ' ORDER BY page_no) FROM "
                  "pagehaul.quarantine WHERE row_no IS NULL"),
              "2 8 x 503, 3 404");
}

TEST_F(Life, QuarantinedRowsUnderTheLimitAreProvenAndOverItFailTheSlice) {
    policy.quarantine_fraction = 0.2;
    auto worker = process();
    started(*worker, "k", {"a", "b"});
    auto claims = take(*worker);
    ASSERT_EQ(claims.size(), 2U);
    PageResult one_bad = page(claims[0], 9, 9);
    one_bad.stored = 8;
    one_bad.bad = {{.row = 3, .reason = "fee: not a number", .payload = "{}"}};
    PageResult two_bad = page(claims[1], 9, 9);
    two_bad.stored = 7;
    two_bad.bad = {{.row = 1, .reason = "r", .payload = "{}"}, {.row = 2, .reason = "r", .payload = "{}"}};
    commit(*worker, {one_bad, two_bad});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.slices_proven, 1);
    EXPECT_THAT(state.failures,
                ::testing::ElementsAre("b: quarantined 2 of 9 rows, run.quarantine_limit is 20%, that is 1"));
    EXPECT_EQ(state.rows_quarantined, 3);
}

TEST_F(Life, WithoutATotalTheEndIsTwoEmptyPagesAndTheVerdictSaysPages) {
    policy.total = Policy::Known::nothing;
    auto worker = process();
    started(*worker);
    const RunState state = pull(*worker, 123);
    EXPECT_EQ(state.status, RunStatus::succeeded);
    EXPECT_EQ(state.proof, "pages");
    EXPECT_EQ(state.rows_stored, 123);
    EXPECT_EQ(ask("SELECT planned FROM pagehaul.slice"), "13");
}

/// 20 rows on two full pages, and a refusal behind them.
class EndRefused : public Life {
  protected:
    static constexpr const char* kWhy = "page 3, behind the last one, is refused: HTTP status 400";
    RunState proven_by(Process& process) {
        commit(process, {page(take(process).at(0), 10, 20)});
        commit(process, {page(take(process).at(0), 10)});
        polled(process);
        ProofReading refused = reading(20);
        refused.end_refused = kWhy;
        prove(process, take(process).at(0), refused);
        return read_state(process.work, process.scope);
    }
};

TEST_F(EndRefused, IsSaidByTheProofAndTheRunSucceeds) {
    auto worker = process();
    started(*worker);
    const RunState state = proven_by(*worker);
    EXPECT_EQ(state.proof, "counts, end not shown");
    EXPECT_EQ(state.slices_end_not_shown, 1);
    EXPECT_EQ(state.end_refused, std::string("all, ") + kWhy);
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

TEST_F(EndRefused, FailsTheSliceWhereMoreIsRequired) {
    policy.required = Policy::Required::pages;
    auto worker = process();
    started(*worker);
    const RunState state = proven_by(*worker);
    EXPECT_EQ(state.slices_failed, 1);
    EXPECT_THAT(state.failures.at(0), ::testing::HasSubstr("run.require_proof is pages"));
}

TEST_F(EndRefused, FailsASliceThatWasProvenWhenLessWasRequired) {
    auto worker = process();
    started(*worker);
    proven_by(*worker);
    policy.required = Policy::Required::counts;
    const RunState state = polled(*worker);
    EXPECT_EQ(state.status, RunStatus::running);
    EXPECT_EQ(state.slices_failed, 1);
    EXPECT_THAT(state.failures.at(0), ::testing::HasSubstr("what was shown is: counts, end not shown"));
}

TEST_F(Life, APageThatFailsBehindTheEndGoesAndTheProofAsksAgain) {
    policy.total = Policy::Known::nothing;
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 5)});
    polled(*worker);
    const auto claims = take(*worker);
    ASSERT_EQ(claims.at(0).no, 2);
    commit(*worker, {page(claims.at(0), 0)});
    for (std::size_t i = 1; i < claims.size(); ++i)
        record(worker->work, worker->scope,
               {{.claim = claims[i], .kind = Setback::Kind::refused, .error = "403", .payload = ""}});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.pages_refused, 0);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.quarantine"), "0");
    EXPECT_EQ(pages(), "0 pending, 1 done, 2 done");
    EXPECT_EQ(take(*worker).at(0).planned, 1);
}

TEST_F(Life, KeysThatRepeatAcrossSlicesAreRefusedAtTheEndUnlessOverlapIsAllowed) {
    auto worker = process();
    started(*worker, "k", {"a", "b"});
    const auto claims = take(*worker);
    PageResult a = page(claims.at(0), 5, 5);
    PageResult b = page(claims.at(1), 5, 5);
    b.key_hashes = a.key_hashes;
    commit(*worker, {a, b});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.status, RunStatus::running);
    EXPECT_THAT(polled(*worker).key_overlap,
                ::testing::HasSubstr("the slices have 10 keys, together only 5"));
    policy.overlap_allowed = true;
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

TEST_F(Life, ADriftedSliceIsNotClaimedFromAndStartsItsNextPassWhenNothingIsLeased) {
    policy.total_on_every_page = true;
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 50)});
    const auto claims = take(*worker, 2);
    commit(*worker, {page(claims.at(0), 10, 51)});
    EXPECT_TRUE(take(*worker).empty());
    polled(*worker);
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "1");
    commit(*worker, {page(claims.at(1), 10, 51)});
    polled(*worker);
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "2");
    EXPECT_EQ(pages(), "1 pending");
    EXPECT_EQ(pull(*worker, 51).status, RunStatus::succeeded);
}

TEST_F(Life, AnApiThatMovesIsReadAgainAndThenFailsWithTheNumbers) {
    auto worker = process();
    started(*worker);
    for (int pass = 1; pass <= 3; ++pass) {
        const auto claims = take(*worker);
        ASSERT_EQ(claims.size(), 1U);
        EXPECT_EQ(claims[0].pass, pass);
        commit(*worker, {page(claims[0], 10, 19)});
        commit(*worker, {page(take(*worker).at(0), 9)});
        polled(*worker);
        const auto verdict = prove(*worker, take(*worker).at(0), {.total = 20, .rows_beyond_end = 0});
        ASSERT_TRUE(verdict && std::holds_alternative<Moved>(*verdict));
    }
    const RunState state = polled(*worker);
    EXPECT_EQ(state.slices_failed, 1);
    EXPECT_THAT(state.failures.at(0), ::testing::HasSubstr("not proven in 3 passes"));
    EXPECT_THAT(state.failures.at(0), ::testing::HasSubstr("from 19 to 20"));
}

TEST_F(Life, SettlingLeavesTheLockToAPeerThatLooksDeadAfterAStall) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    advance(Millis{60'000});
    settle(one->work, one->scope, "");
    EXPECT_TRUE(beat(two->heart, two->scope).lock_is_ours);
    advance(Millis{60'000});
    auto later = process();
    EXPECT_EQ(started(*later).kind, Started::Kind::resumed) << "and a lock that is left over holds up nobody";
}

TEST_F(Life, APollThatFindsTheApiMovedTellsOfIt) {
    auto worker = process();
    started(*worker);
    policy.passes = 2;
    const auto short_of_one_row = [&] {
        commit(*worker, {page(take(*worker).at(0), 10, 19)});
        commit(*worker, {page(take(*worker).at(0), 8)});
        return polled(*worker).news;
    };
    const auto first = short_of_one_row();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].slice_key, "all");
    EXPECT_EQ(first[0].pass, 1);
    EXPECT_EQ(first[0].became, SliceNews::Became::again);
    EXPECT_THAT(first[0].why, ::testing::HasSubstr("a total of 19"));
    const auto second = short_of_one_row();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].became, SliceNews::Became::failed);
    EXPECT_TRUE(polled(*worker).news.empty());
}

TEST_F(Life, TheSameRecordsOnEveryPageFailAtOnce) {
    auto worker = process();
    started(*worker);
    PageResult first = page(take(*worker).at(0), 10, 40);
    commit(*worker, {first});
    std::vector<PageResult> others;
    for (const Claim& claim : take(*worker)) {
        PageResult same = first;
        same.claim = claim;
        same.total.reset();
        others.push_back(same);
    }
    commit(*worker, others);
    EXPECT_THAT(polled(*worker).failures.at(0), ::testing::HasSubstr("the same records for each of 4 pages"));
}

TEST_F(Life, SettleGivesLeasesBackAndFreesTheLock) {
    auto worker = process();
    started(*worker);
    take(*worker);
    settle(worker->work, worker->scope, "{\"exit\":143}");
    settle(worker->work, worker->scope, "{\"exit\":143}");
    EXPECT_EQ(pages(), "1 pending");
    EXPECT_EQ(ask("SELECT run_id FROM pagehaul.pipeline_lock"), "NULL");
    EXPECT_EQ(ask("SELECT verdict FROM pagehaul.run"), "{\"exit\":143}");
    EXPECT_TRUE(take(*worker).empty()) << "a process without the lock claims nothing";
    EXPECT_EQ(record(worker->work, worker->scope, {{.claim = {}, .error = "", .payload = ""}}), std::nullopt);
}

TEST_F(Life, WhoWasStoppedBeforeTheRunSucceededDoesNotHaveTheLastWord) {
    auto stopped = process();
    auto other = process();
    started(*stopped);
    started(*other);
    ASSERT_EQ(pull(*other, 5).status, RunStatus::succeeded);
    settle(other->work, other->scope, "succeeded", RunStatus::succeeded);
    settle(stopped->work, stopped->scope, "stopped", RunStatus::running);
    EXPECT_EQ(ask("SELECT verdict FROM pagehaul.run"), "succeeded");
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.worker WHERE stopped_at IS NULL"), "0");
}

TEST_F(Life, APollTellsOfSlicesThatAnotherHoldsLocked) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 10)});
    db.begin("SELECT FROM pagehaul.slice FOR UPDATE");
    RunState state = polled(*worker);
    EXPECT_EQ(state.slices_locked, 1);
    EXPECT_EQ(state.slices_open, 1);
    EXPECT_THAT(slices_holder(worker->work, worker->scope),
                ::testing::StartsWith("backend " + std::to_string(db.backend_pid()) + " ("));
    db.rollback();
    state = polled(*worker);
    EXPECT_EQ(state.slices_locked, 0);
    EXPECT_EQ(state.pages_pending, 1) << "its proof";
}

TEST_F(Life, ASliceIsStoppedByTheCommitThatPassesAnAbsoluteLimit) {
    policy.quarantine_rows = 2;
    auto worker = process();
    started(*worker);
    const auto with_bad = [](PageResult result, int bad) {
        result.stored -= bad;
        for (int row = 0; row < bad; ++row)
            result.bad.push_back({row, "column n: expected a number", "{}"});
        return result;
    };
    commit(*worker, {with_bad(page(take(*worker).at(0), 10, 60), 1)});
    auto claims = take(*worker, 3);
    commit(*worker, {with_bad(page(claims.at(0), 10), 1)});
    EXPECT_EQ(polled(*worker).slices_failed, 0) << "two are allowed";
    commit(*worker, {with_bad(page(claims.at(1), 10), 2)});
    EXPECT_THAT(polled(*worker).failures,
                ::testing::ElementsAre("all: quarantined 4 of 30 rows so far, run.quarantine_limit is 2: the "
                                       "slice was stopped"));
    EXPECT_TRUE(take(*worker).empty()) << "nothing more of it is asked for";
    EXPECT_EQ(commit(*worker, {page(claims.at(2), 10)}), 1) << "what is in hand is stored";
    EXPECT_EQ(pages(), "1 done, 2 done, 3 done, 4 done");
}

TEST_F(Life, AShareOfTheRowsIsJudgedWhenAllAreThere) {
    policy.quarantine_rows.reset();
    policy.quarantine_fraction = 0.1;
    auto worker = process();
    started(*worker);
    PageResult first = page(take(*worker).at(0), 10, 20);
    first.stored = 8;
    first.bad = {{0, "bad", "{}"}, {1, "bad", "{}"}};
    commit(*worker, {first});
    EXPECT_EQ(pull(*worker, 20).status, RunStatus::succeeded) << "2 of 10 rows so far, and of 20 in the end";
}

TEST_F(Life, OneOfTwoProcessesThatSettlesLeavesTheLockToTheOther) {
    auto one = process();
    auto two = process();
    started(*one);
    EXPECT_EQ(started(*two).kind, Started::Kind::joined);
    const auto claims = take(*one);
    settle(one->work, one->scope, "");
    EXPECT_EQ(ask("SELECT run_id FROM pagehaul.pipeline_lock"), std::to_string(two->scope.run));
    EXPECT_EQ(commit(*one, {page(claims.at(0), 10, 30)}), 0) << "its lease went back";
    EXPECT_EQ(pull(*two, 30).status, RunStatus::succeeded);
}

TEST_F(Life, AHeartbeatTellsAStopReasonOnlyToThoseWhoWereThere) {
    auto one = process();
    started(*one);
    tell_stop(one->work, one->scope, "credential: refused");
    Beat heard = beat(one->heart, one->scope);
    EXPECT_EQ(heard.stop_reason, "credential: refused");
    EXPECT_TRUE(heard.stop_is_ours_to_obey);
    EXPECT_TRUE(heard.lock_is_ours);
    auto later = process();
    started(*later);
    EXPECT_FALSE(beat(later->heart, later->scope).stop_is_ours_to_obey);
    tell_stop(later->work, later->scope, "credential: again");
    EXPECT_TRUE(beat(later->heart, later->scope).stop_is_ours_to_obey);
}

TEST_F(Life, PruneDeletesOldTerminalRunsOnly) {
    auto worker = process();
    started(*worker, "first");
    pull(*worker, 25);
    auto next = process();
    started(*next, "second");
    commit(*next, {page(take(*next).at(0), 10, 30)});
    advance(std::chrono::hours(24 * 10));
    EXPECT_EQ(prune(next->work, next->scope, std::chrono::days{30}, 10), 0);
    EXPECT_EQ(prune(next->work, next->scope, std::chrono::days{5}, 10), 1);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run"), "1");
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page WHERE run_id <> " + std::to_string(next->scope.run)),
              "0");
}

TEST_F(Life, StatusShowsRunsHolesAndQuarantine) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 40)});
    const auto claims = take(*worker);
    record(worker->work, worker->scope,
           {{.claim = claims.at(1), .kind = Setback::Kind::refused, .error = "404", .payload = "gone"}});
    const PipelineStatus status = read_status(db, "pagehaul", "p", 5, 30'000);
    ASSERT_EQ(status.runs.size(), 1U);
    EXPECT_EQ(status.runs[0].state, "running");
    EXPECT_EQ(status.runs[0].fresh_workers, 1);
    EXPECT_THAT(status.runs[0].keys, ::testing::ElementsAre("k"));
    ASSERT_EQ(status.runs[0].unproven.size(), 1U);
    EXPECT_THAT(status.runs[0].unproven[0].holes, ::testing::ElementsAre(2, 3, 4));
    ASSERT_EQ(status.samples.size(), 1U);
    EXPECT_EQ(status.samples[0].reason, "404");
    EXPECT_TRUE(read_status(db, "elsewhere", "p", 5, 30'000).runs.empty());
}

TEST_F(Life, APageThatWaitsForItsNextTryIsLeasedForAProbeOnly) {
    auto worker = process();
    started(*worker);
    record(worker->work, worker->scope,
           {{.claim = take(*worker).at(0), .delay = Millis{60'000}, .error = "down", .payload = {}}});
    EXPECT_TRUE(take(*worker).empty());
    const auto probe = claim(worker->work, worker->scope, 1, true, Due::whenever);
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_EQ(probe[0].attempts, 1);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
