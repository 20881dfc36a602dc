// src/ledger/README.md, "Processes": what each says of itself, and who speaks for all.
#include "ledger/workers.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using Workers = LedgerTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> names(const RunState& state) {
    std::vector<std::string> names;
    for (const WorkerNow& worker : state.workers)
        names.push_back(worker.name + " " + std::to_string(worker.figures.pages));
    return names;
}

TEST_F(Workers, TheEldestOfTheRunSpeaksForAll) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    EXPECT_TRUE(polled(*one).is_eldest);
    EXPECT_FALSE(polled(*two).is_eldest);
    EXPECT_THAT(polled(*two).workers, IsEmpty()) << "it has nobody to tell of";
}

TEST_F(Workers, WhenTheEldestIsKilledTheNextOneDoesAtOnce) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    kill(one);
    EXPECT_TRUE(polled(*two).is_eldest);
}

TEST_F(Workers, WhenTheEldestStopsTheNextOneDoes) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    settle(one->work, one->scope, "");
    EXPECT_TRUE(polled(*two).is_eldest);
}

TEST_F(Workers, WhenTheEldestIsFrozenTheNextOneDoesAfterTheStaleTimeUntilItBeatsAgain) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    advance(Millis{31'000});
    beat(two->heart, two->scope);
    EXPECT_TRUE(polled(*two).is_eldest);
    beat(one->heart, one->scope);
    EXPECT_FALSE(polled(*two).is_eldest);
}

TEST_F(Workers, EachSaysWithItsHeartbeatWhatItHasDone) {
    auto one = process();
    auto two = process();
    StartRequest in_pod = request(*two, "k");
    in_pod.worker.host = "pod-b";
    in_pod.worker.pid = 1;
    started(*one);
    started(*two, in_pod);
    beat(two->heart, two->scope,
         {.pages = 7, .rows = 70, .requests = 9, .setbacks = 2, .in_flight = 4, .in_flight_limit = 8});
    const RunState state = polled(*one);
    EXPECT_THAT(names(state), ElementsAre("host:4711 0", "pod-b 7")) << "in a pod the pid says nothing";
    const WorkerFigures& figures = state.workers.at(1).figures;
    EXPECT_EQ(figures.rows, 70);
    EXPECT_EQ(figures.requests, 9);
    EXPECT_EQ(figures.setbacks, 2);
    EXPECT_EQ(figures.in_flight, 4);
    EXPECT_EQ(figures.in_flight_limit, 8);
}

TEST_F(Workers, OneThatHasLeftIsNotAmongThoseAtWorkAndItsLastWordStays) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    settle(two->work, two->scope, "");
    leave(two->work, two->scope, {.pages = 3, .requests = 5}, 143);
    EXPECT_THAT(names(polled(*one)), ElementsAre("host:4711 0"));
    EXPECT_EQ(ask("SELECT pages || ' ' || requests || ' ' || exit_code FROM pagehaul.worker WHERE exit_code "
                  "IS NOT NULL"),
              "3 5 143");
}

TEST_F(Workers, ABeatTellsOfHowManyOthersTheCredentialIsRefused) {
    auto one = process();
    auto two = process();
    auto three = process();
    started(*one);
    started(*two);
    started(*three);
    beat(two->heart, two->scope, {.credential_refused = true});
    Beat heard = beat(one->heart, one->scope, {.credential_refused = true});
    EXPECT_EQ(heard.others, 2) << "an older program does not tell";
    EXPECT_EQ(heard.others_refused, 1);
    kill(three);
    heard = beat(one->heart, one->scope, {.credential_refused = true});
    EXPECT_EQ(heard.others, 1);
    EXPECT_EQ(heard.others_refused, 1);
    beat(two->heart, two->scope);
    EXPECT_EQ(beat(one->heart, one->scope).others_refused, 0);
}

TEST_F(Workers, AProcessOfAnOlderVersionCountsWithNothingTold) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.worker WHERE pages IS NULL"), "2");
    EXPECT_THAT(names(polled(*one)), ElementsAre("host:4711 0", "host:4711 0"));
}

TEST_F(Workers, TheOldestDuePageHasWaitedSinceThePlanOrSinceItsPause) {
    auto one = process();
    started(*one, "k", {"a", "b"});
    advance(Millis{5'000});
    EXPECT_NEAR(static_cast<double>(polled(*one).oldest_due.value().count()), 5'000, 2'000);
    const auto claims = take(*one);
    EXPECT_FALSE(polled(*one).oldest_due) << "none is pending";
    for (const Claim& claim : claims)
        record(one->work, one->scope,
               {{.claim = claim, .delay = Millis{60'000}, .error = "503", .payload = ""}});
    EXPECT_EQ(polled(*one).oldest_due, Millis{0}) << "its pause is not over";
    advance(Millis{70'000});
    EXPECT_NEAR(static_cast<double>(polled(*one).oldest_due.value().count()), 10'000, 2'000);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
