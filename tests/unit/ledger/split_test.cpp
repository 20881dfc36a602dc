// src/ledger/README.md, "A slice that is too large".
#include "ledger/split.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Split : public LedgerTest {
  protected:
    static PlannedSlice half(const Claim& claim, const std::string& which) {
        const std::string key = claim.slice_key + "/" + which;
        return {.key = key, .params = R"({"name":")" + key + "\"}"};
    }
    static Setback too_large(const Claim& claim) {
        return {.claim = claim,
                .kind = Setback::Kind::split,
                .counts = false,
                .error = "a total of 99 rows",
                .payload = "",
                .halves = write_halves({half(claim, "0"), half(claim, "1")})};
    }
    void tell_too_large(Process& worker, const Claim& claim) {
        record(worker.work, worker.scope, {too_large(claim)});
    }
    /// Of the first slice of a run whose only process was killed as soon as they stood in its place.
    void leave_halves(const std::vector<std::string>& planned) {
        auto worker = process();
        started(*worker, "k1", planned);
        tell_too_large(*worker, take(*worker).at(0));
        polled(*worker);
        kill(worker);
    }
    std::string slices() {
        return ask(
            "SELECT string_agg(key || ' ' || state || coalesce(' of ' || split_from, ''), ', ' ORDER BY id) "
            "FROM pagehaul.slice WHERE run_id = (SELECT max(id) FROM pagehaul.run)");
    }
    /// Pages and rows that the run counts as done.
    std::string done() { return ask("SELECT sum(done) || ' ' || sum(fetched) FROM pagehaul.run_tally"); }
};

TEST_F(Split, ItsHalvesArePulledInItsPlaceAndProvenEachByItself) {
    auto worker = process();
    started(*worker);
    tell_too_large(*worker, take(*worker).at(0));
    EXPECT_THAT(take(*worker), IsEmpty()) << "nothing of the slice is claimed any more";

    const RunState state = polled(*worker);
    ASSERT_THAT(state.news, SizeIs(1));
    EXPECT_EQ(state.news[0].became, SliceNews::Became::split);
    EXPECT_EQ(state.news[0].slice_key, "all");
    EXPECT_EQ(state.news[0].why, "a total of 99 rows");
    EXPECT_EQ(slices(), "all split, all/0 open of all, all/1 open of all");
    EXPECT_EQ(pages(), "1 pending, 1 pending");
    EXPECT_EQ(ask("SELECT string_agg(params, ' ' ORDER BY id) FROM pagehaul.slice WHERE id > 1"),
              R"({"name":"all/0"} {"name":"all/1"})");

    EXPECT_EQ(pull(*worker, 15).status, RunStatus::succeeded);
    EXPECT_EQ(slices(), "all split, all/0 proven of all, all/1 proven of all");
    EXPECT_EQ(done(), "4 30");
}

TEST_F(Split, WaitsForThePagesThatAreInHandAndNoneOfItsOwnCountsAnyMore) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 40)});
    const auto claims = take(*worker);
    ASSERT_THAT(claims, SizeIs(3));
    tell_too_large(*worker, claims[1]);
    EXPECT_THAT(polled(*worker).news, IsEmpty()) << "pages 2 and 4 may be stored yet";
    commit(*worker, {page(claims[0], 10)});
    EXPECT_THAT(polled(*worker).news, IsEmpty());
    commit(*worker, {page(claims[2], 10)});
    EXPECT_EQ(done(), "3 30");

    EXPECT_THAT(polled(*worker).news, SizeIs(1));
    EXPECT_EQ(slices(), "all split, all/0 open of all, all/1 open of all");
    EXPECT_EQ(done(), "0 0");
    EXPECT_EQ(pull(*worker, 25).status, RunStatus::succeeded) << "whose keys are those of the halves alone";
    EXPECT_EQ(done(), "6 50");
}

TEST_F(Split, WhatItQuarantinedGoesWithIt) {
    auto worker = process();
    started(*worker);
    PageResult bad = page(take(*worker).at(0), 10, 20);
    bad.stored = 9;
    bad.bad.push_back({.row = 3, .reason = "no number", .payload = "{}"});
    commit(*worker, {bad});
    tell_too_large(*worker, take(*worker).at(0));
    polled(*worker);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.quarantine"), "0");
}

TEST_F(Split, AHalfIsSplitAgainAndIsAPartOfThePlannedSlice) {
    auto worker = process();
    started(*worker);
    tell_too_large(*worker, take(*worker).at(0));
    polled(*worker);
    const auto halves = take(*worker);
    commit(*worker, {page(halves.at(0), 5, 5)});
    tell_too_large(*worker, halves.at(1));
    polled(*worker);
    EXPECT_EQ(slices(),
              "all split, all/0 proven of all, all/1 split of all, all/1/0 open of all, all/1/1 open of all");
    EXPECT_EQ(pull(*worker, 5).status, RunStatus::succeeded);
}

TEST_F(Split, OfASliceThatMovedBeforeIsFoundByItsNextPass) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 30)});
    const auto claims = take(*worker);
    record(worker->work, worker->scope,
           {{.claim = claims[0], .kind = Setback::Kind::moved, .error = "it moved", .payload = ""},
            too_large(claims[1])});
    const RunState state = polled(*worker);
    ASSERT_THAT(state.news, SizeIs(1));
    EXPECT_EQ(state.news[0].became, SliceNews::Became::again);
    EXPECT_EQ(slices(), "all open");
    tell_too_large(*worker, take(*worker).at(0));
    polled(*worker);
    EXPECT_THAT(slices(), HasSubstr("all split"));
}

TEST_F(Split, ASliceThatFailedMeanwhileIsNot) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 30)});
    const auto claims = take(*worker);
    PageResult refuted = page(claims[0], 10);
    refuted.slice_error = "sink.key is not unique";
    commit(*worker, {refuted});
    tell_too_large(*worker, claims[1]);
    polled(*worker);
    EXPECT_EQ(slices(), "all failed");
}

TEST_F(Split, ItsRunIsAdoptedByThePlanThatItBeganWith) {
    leave_halves({"all"});
    auto next = process();
    EXPECT_EQ(started(*next, "k2").kind, Started::Kind::adopted);
    EXPECT_EQ(pull(*next, 5).status, RunStatus::succeeded);
}

TEST_F(Split, AHalfThatIsLeftGoesWithTheWholeSliceWhereThatIsPlannedAgain) {
    leave_halves({"a"});
    auto next = process();
    StartRequest other = request(*next, "k2", {"a", "b"});
    EXPECT_THAT(started(*next, other).warnings, IsEmpty());
    EXPECT_EQ(slices(), "a open, b open");
    EXPECT_EQ(pull(*next, 5).status, RunStatus::succeeded);
}

TEST_F(Split, AHalfThatIsLeftIsCarriedOverWhereTheWholeIsPlannedNoMoreAndStaysAPartOfIt) {
    leave_halves({"a"});
    auto next = process();
    EXPECT_THAT(started(*next, request(*next, "k2", {"b"})).warnings, SizeIs(2));
    EXPECT_EQ(slices(), "b open, a/0 open of a, a/1 open of a");
    kill(next);
    auto last = process();
    EXPECT_THAT(started(*last, request(*last, "k3", {"a", "b"})).warnings, IsEmpty());
    EXPECT_EQ(slices(), "a open, b open");
}

TEST_F(Split, ARetryPullsTheHalfThatHasFailuresUntilTheWholeWasPulledSince) {
    auto worker = process();
    started(*worker, "k1");
    tell_too_large(*worker, take(*worker).at(0));
    polled(*worker);
    const auto halves = take(*worker);
    PageResult bad = page(halves.at(0), 5, 5);
    bad.stored = 4;
    bad.bad.push_back({.row = 3, .reason = "no number", .payload = "{}"});
    commit(*worker, {bad, page(halves.at(1), 5, 5)});
    ASSERT_EQ(polled(*worker).status, RunStatus::succeeded);
    settle(worker->work, worker->scope, "");
    const auto retried = [&](const std::string& key) {
        auto again = process();
        StartRequest retry = request(*again, key);
        retry.intent = StartRequest::Intent::retry;
        const StartOutcome outcome = start(again->work, retry);
        const auto* in = std::get_if<Started>(&outcome);
        if (in == nullptr) return std::string("nothing");
        again->scope.run = in->run;
        const std::string planned = slices();
        settle(again->work, again->scope, "");
        return planned;
    };
    EXPECT_EQ(retried("k2"), "all/0 open of all");

    auto whole = process();
    started(*whole, "k3");
    ASSERT_EQ(pull(*whole, 5).status, RunStatus::succeeded);
    settle(whole->work, whole->scope, "");
    EXPECT_EQ(retried("k4"), "nothing");
}

TEST_F(Split, WhatIsThrottledForItsWholeSliceLetsTheOthersGoOn) {
    auto worker = process();
    started(*worker, "k", {"a", "b"});
    commit(*worker, {page(take(*worker, 1).at(0), 10, 30)});
    const auto claims = take(*worker, 1);
    ASSERT_EQ(claims.at(0).no, 2);
    record(worker->work, worker->scope,
           {{.claim = claims[0],
             .counts = false,
             .delay = Millis{5'000},
             .error = "429",
             .payload = "",
             .whole_slice = true}});
    const auto others = take(*worker);
    ASSERT_THAT(others, SizeIs(1));
    EXPECT_EQ(others[0].slice_key, "b");
    advance(Millis{5'000});
    EXPECT_THAT(take(*worker), SizeIs(2));
}

}  // namespace
}  // namespace pagehaul::ledger::testing
