#include "engine/fetch/fetch_worker.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "fetching.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;
using testing::FetchingTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using ::testing::SizeIs;

class FetchWorkerTest : public FetchingTest {};

TEST_F(FetchWorkerTest, HandsAGoodPageToTheWritersWithItsCountsAndTotal) {
    transport.then_status(200, kFullPage);
    work({claim(1), claim(2)});
    const auto got = stored();
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_EQ(got[0].result.fetched, 2);
    EXPECT_EQ(got[0].result.stored, 2);
    EXPECT_EQ(got[0].result.total, 4);
    EXPECT_THAT(got[0].result.key_hashes, SizeIs(2));
    EXPECT_THAT(got[0].copy, HasSubstr("\t1\ta\n"));
    EXPECT_GT(got[0].reserved.bytes(), 0);
    EXPECT_TRUE(got[0].urgent) << "page 1 plans the others";
    EXPECT_FALSE(got[1].urgent);
    EXPECT_THAT(setbacks, IsEmpty());
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=1", "/rows?page=2"));
}

TEST_F(FetchWorkerTest, APageIsNobodysWorkAnyMoreOnceItIsFetchedThoughItWaitsForItsCommit) {
    std::vector<std::int64_t> done;
    shared.context.held.on_work_done([&](std::int64_t page_id) { done.push_back(page_id); });
    transport.then_status(200, kFullPage);
    const ledger::Claim page = claim(1);
    work({page});
    EXPECT_THAT(done, ElementsAre(page.page_id));
    EXPECT_THAT(stored(), SizeIs(1));
}

TEST_F(FetchWorkerTest, APageTellsHowLongItsRequestTook) {
    transport.then([this](const http::Request&, std::stop_token) {
        shared.clock.advance(Millis{1499} + std::chrono::microseconds{600});
        http::Response response;
        response.status = 200;
        response.body = http::Body::of(kFullPage);
        return Result<http::Response>(std::move(response));
    });
    work({claim(1)});
    EXPECT_EQ(stored().at(0).result.fetch_ms, 1500);
}

TEST_F(FetchWorkerTest, MeasuresAPageByBodyAndRowsTogether) {
    transport.then_status(200, kFullPage);
    work({claim(1)});
    EXPECT_GE(parts().budget.next_size(), static_cast<std::int64_t>(kFullPage.size() + 1024));
}

TEST_F(FetchWorkerTest, APageHoldsTheBytesOfItsQuarantinedRowsUntilItIsCommitted) {
    const std::string note(20'000, 'x');
    transport.then_status(200, R"({"total": 1, "rows": [{"id": "no number", "note": ")" + note + R"("}]})");
    work({claim(1)});
    const auto fetched = stored();
    ASSERT_EQ(fetched.size(), 1U);
    ASSERT_EQ(fetched[0].result.bad.size(), 1U);
    EXPECT_GE(fetched[0].reserved.bytes(), 20'000) << "of the budget";
    EXPECT_GE(fetched[0].bytes, 20'000U) << "and of a batch";
}

TEST_F(FetchWorkerTest, APageHoldsTheBytesOfItsRowsAsTheyLieInMemory) {
    const std::string note(20'000, 'x');
    transport.then_status(200, R"({"total": 1, "rows": [{"id": 1, "note": ")" + note + R"("}]})");
    work({claim(1)});
    const auto fetched = stored();
    ASSERT_EQ(fetched.size(), 1U);
    EXPECT_GE(fetched[0].reserved.bytes(), static_cast<std::int64_t>(fetched[0].copy.capacity()));
}

TEST_F(FetchWorkerTest, APageOfFarMoreRowsThanWereAskedForIsRefusedAndNothingOfItIsKept) {
    std::string rows;
    for (int i = 0; i < 1'003; ++i)
        rows += (i == 0 ? R"({"id": )" : R"(, {"id": )") + std::to_string(i) + R"(, "note": "x"})";
    transport.then_status(200, R"({"total": 1003, "rows": [)" + rows + "]}");
    work({claim(1)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(setback().error, HasSubstr("more than 1002 records, source.pagination.size asks for 2"));
    EXPECT_EQ(parts().budget.used(), 0);
}

TEST_F(FetchWorkerTest, CountsAFailureWhileOthersSucceed) {
    transport.then_status(200, kFullPage);
    transport.then_status(500);
    work({claim(1), claim(2)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_TRUE(setback().counts);
    EXPECT_EQ(setback().delay, Millis{500}) << "half of the base, by the test's chance";
    EXPECT_EQ(setback().claim.no, 2);
    EXPECT_THAT(setback().error, HasSubstr("500"));
}

TEST_F(FetchWorkerTest, CountsNothingWhileNothingSucceeds) {
    transport.then_status(500);
    work({claim(2, 2), claim(3, 2), claim(4, 2)});
    ASSERT_THAT(setbacks, SizeIs(3));
    for (const ledger::Setback& one : setbacks) {
        EXPECT_EQ(one.kind, Kind::again);
        EXPECT_FALSE(one.counts);
    }
}

TEST_F(FetchWorkerTest, TheLogSaysWhichTryFailedAndWhetherItCounts) {
    const log::Capture capture;
    transport.then_status(500);
    work({claim(2, 2)});
    transport.then_status(200, kFullPage);
    work({claim(3)});
    transport.then_status(500);
    work({claim(4, 1)});
    EXPECT_THAT(capture.lines(), ElementsAre(HasSubstr(R"("attempt":3,"attempts":3,"counted":false)"),
                                             HasSubstr(R"("attempt":2,"attempts":3,"counted":true)")));
}

TEST_F(FetchWorkerTest, GivesAPageUpForNowWhenItsAttemptsAreUsedUp) {
    transport.then_status(200, kFullPage);
    transport.then_fail(ErrorKind::transient, "connection reset");
    work({claim(1), claim(2, 2)});
    EXPECT_EQ(setback().kind, Kind::unavailable);
    EXPECT_THAT(setback().error, HasSubstr("connection reset"));
}

TEST_F(FetchWorkerTest, WaitsAsLongAsAServerErrorAsks) {
    transport.then_status(503, "{}", {{"retry-after", "7"}});
    work({claim(2)});
    EXPECT_EQ(setback().delay, Millis{7000});
    EXPECT_FALSE(parts().limiter.paused_until()) << "only this page waits";
}

TEST_F(FetchWorkerTest, LetsEverybodyWaitWhenThrottledAndCountsNothing) {
    transport.then_status(200, kFullPage);
    transport.then_status(429, "{}", {{"retry-after", "9"}});
    work({claim(1), claim(2, 2)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_FALSE(setback().counts);
    EXPECT_EQ(setback().delay, Millis{9000});
    EXPECT_EQ(parts().limiter.paused_until(), shared.clock.now() + std::chrono::seconds(9));
}

TEST_F(FetchWorkerTest, APauseThatIsTooLongIsCutAndTheSourceIsDown) {
    transport.then_status(429, "{}", {{"retry-after", "99999999999999999999"}});
    work({claim(2)});
    EXPECT_EQ(setback().delay, std::chrono::minutes(15));
    EXPECT_THAT(setback().error, HasSubstr("; source.limits.max_pause is 15 min"));
    EXPECT_EQ(parts().limiter.paused_until(), shared.clock.now() + std::chrono::minutes(15));
    EXPECT_EQ(parts().health.state(shared.clock.now()), SourceState::down);
}

TEST_F(FetchWorkerTest, AServerErrorThatAsksForAYearIsTriedAgainAfterTheLongestPause) {
    transport.then_status(503, "{}", {{"retry-after", "31536000"}});
    work({claim(2)});
    EXPECT_EQ(setback().delay, std::chrono::minutes(15));
}

TEST_F(FetchWorkerTest, ThrottledWithoutAPauseItWaitsLongerEachTimeWhileNothingSucceeds) {
    transport.then_status(429, "{}", {{"retry-after", "0"}});
    std::vector<Millis> pauses;
    for (int i = 0; i < 6; ++i) {
        work({claim(2)});
        const auto until = parts().limiter.paused_until();
        ASSERT_TRUE(until) << "zero would be asked for again at once";
        pauses.push_back(std::chrono::duration_cast<Millis>(*until - shared.clock.now()));
        shared.clock.advance(*until - shared.clock.now());
    }
    EXPECT_THAT(pauses,
                ElementsAre(Millis{500}, Millis{500}, Millis{500}, Millis{500}, Millis{1000}, Millis{2000}))
        << "half of the back-off that reaches as far as nothing has succeeded, by the test's chance";
}

TEST_F(FetchWorkerTest, ThrottledWithoutRetryAfterItsPausesGrowPastTheLongestBackOffUpToMaxPause) {
    shared.config.source.retry.max = Millis{1000};
    shared.config.source.limits.max_pause = Millis{6000};
    shared.config.run.patience = std::chrono::hours(1);
    transport.then_status(429);
    std::vector<Millis> pauses;
    for (int i = 0; i < 12; ++i) {
        work({claim(2)});
        const auto until = parts().limiter.paused_until();
        ASSERT_TRUE(until);
        pauses.push_back(std::chrono::duration_cast<Millis>(*until - shared.clock.now()));
        shared.clock.advance(*until - shared.clock.now() + std::chrono::seconds(1));
    }
    EXPECT_EQ(pauses.front(), Millis{500});
    EXPECT_TRUE(std::is_sorted(pauses.begin(), pauses.end()));
    EXPECT_EQ(pauses.back(), Millis{3000}) << "half of max_pause, by the test's chance";
    EXPECT_GE(setbacks.back().delay, Millis{3000}) << "of the page itself as well";
}

TEST_F(FetchWorkerTest, APageThatIsThrottledForThePatienceIsUnavailableWhateverOthersGet) {
    shared.config.run.patience = Millis{10'000};
    for (int i = 0; i < 4; ++i) {
        transport.then_status(429, "{}", {{"retry-after", "6"}});
        work({claim(2)});
        shared.clock.advance(std::chrono::seconds(6));
        transport.then_status(200, kFullPage);
        work({claim(1)});
    }
    ASSERT_THAT(setbacks, SizeIs(4));
    EXPECT_EQ(setbacks[2].kind, Kind::again);
    EXPECT_EQ(setbacks[3].kind, Kind::unavailable);
    EXPECT_FALSE(setbacks[3].counts) << "throttling is no attempt";
    EXPECT_THAT(setbacks[3].error, HasSubstr("HTTP status 429, for run.patience"));
}

/// {"code": 7} instead of {"code": 0}, and no rule for it.
class UnexplainedCode : public FetchingTest {
  protected:
    static constexpr std::string_view kGood =
        R"({"code": 0, "total": 4, "rows": [{"id": 1, "note": "a"}, {"id": 2, "note": "b"}]})";

    UnexplainedCode() {
        shared.config.source.response.success = {
            config::Condition{.pointer = "/code", .equals = config::SliceValue{"0", true}}};
        shared.config.source.retry.attempts = 8;
    }
    /// Tries page 2 this often, with `attempts` tries behind it, page 1 being good in between.
    std::vector<Kind> tries(int count, int attempts = 0) {
        for (int i = 0; i < count; ++i) {
            transport.then_status(200, kGood);
            work({claim(1)});
            transport.then_status(200, R"({"code": 7, "message": "busy"})");
            work({claim(2, attempts + i)});
        }
        std::vector<Kind> kinds;
        for (const ledger::Setback& one : setbacks)
            kinds.push_back(one.kind);
        return kinds;
    }
};

TEST_F(UnexplainedCode, IsTriedAgainThreeTimesAndThenRefusedWithTheBodysBeginning) {
    EXPECT_THAT(tries(4), ElementsAre(Kind::again, Kind::again, Kind::again, Kind::refused));
    EXPECT_TRUE(setbacks[0].counts);
    EXPECT_THAT(setbacks[3].error, HasSubstr("/code is the number 7"));
    EXPECT_THAT(setbacks[3].error, HasSubstr("source.response.otherwise"));
    EXPECT_THAT(setbacks[3].payload, HasSubstr("busy"));
}

TEST_F(UnexplainedCode, IsCountedApartFromOtherFailuresOfThePage) {
    EXPECT_THAT(tries(3, 4), ElementsAre(Kind::again, Kind::again, Kind::again));
}

TEST_F(UnexplainedCode, IsTriedNoMoreOftenThanAnyFailure) {
    shared.config.source.retry.attempts = 2;
    EXPECT_THAT(tries(2), ElementsAre(Kind::again, Kind::refused));
}

TEST_F(UnexplainedCode, CountsAlsoBeforeAnythingHasSucceeded) {
    transport.then_status(200, R"({"code": 7})");
    for (int i = 0; i < 4; ++i)
        work({claim(1, i)});
    EXPECT_TRUE(setbacks.at(0).counts);
    EXPECT_EQ(setbacks.at(3).kind, Kind::refused);
}

TEST_F(UnexplainedCode, DoesNotCountWhileNothingSucceedsAnyMore) {
    transport.then_status(200, kGood);
    work({claim(1)});
    shared.clock.advance(std::chrono::seconds(60));
    transport.then_status(200, R"({"code": 7})");
    for (int i = 0; i < 5; ++i)
        work({claim(2)});
    for (const ledger::Setback& one : setbacks) {
        EXPECT_EQ(one.kind, Kind::again) << "an outage refuses no page";
        EXPECT_FALSE(one.counts);
    }
}

TEST_F(UnexplainedCode, IsForgottenWithThePageThatCame) {
    tries(3);
    transport.then_status(200, kGood);
    work({claim(2, 3)});
    EXPECT_EQ(tries(1).back(), Kind::again);
}

TEST_F(UnexplainedCode, IsLikeAServerErrorWhereOtherwiseSaysRetry) {
    shared.config.source.response.otherwise = config::Otherwise::retry;
    shared.config.source.retry.attempts = 5;
    EXPECT_THAT(tries(5), ElementsAre(Kind::again, Kind::again, Kind::again, Kind::again, Kind::unavailable));
}

TEST_F(UnexplainedCode, IsRefusedAtOnceWhereOtherwiseSaysFail) {
    shared.config.source.response.otherwise = config::Otherwise::fail;
    EXPECT_THAT(tries(1), ElementsAre(Kind::refused));
}

TEST_F(FetchWorkerTest, WhereNothingIsLetThroughNoPageIsGivenUpForIt) {
    shared.config.run.patience = Millis{10'000};
    transport.then_status(429, "{}", {{"retry-after", "6"}});
    for (int i = 0; i < 4; ++i) {
        work({claim(2)});
        shared.clock.advance(std::chrono::seconds(6));
    }
    for (const ledger::Setback& one : setbacks)
        EXPECT_NE(one.kind, Kind::unavailable);
    EXPECT_EQ(parts().health.state(shared.clock.now()), SourceState::given_up);
}

TEST_F(FetchWorkerTest, RefusesAPageForGoodWithTheBodysBeginning) {
    transport.then_status(404, R"({"message": "no such report"})");
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(setback().payload, HasSubstr("no such report"));
}

TEST_F(FetchWorkerTest, AWholeDocumentThatIsNoPageIsRefusedNotRetried) {
    shared.config.source.pagination.total->rows->pointer = "/rows/0/id";  // inside the records
    transport.then_status(200, R"({"rows": {"a": 1}})");
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::refused);
}

TEST_F(FetchWorkerTest, ABodyThatIsCutShortIsTriedAgain) {
    transport.then_status(200, R"({"total": 4, "rows": [{"id": 1)");
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::again);
}

TEST_F(FetchWorkerTest, ABodyThatCanNeverBeReadIsRefusedAfterThreeMoreTriesThoughNothingHasEverSucceeded) {
    shared.config.source.retry.attempts = 8;
    transport.then_status(200, R"({"total": NaN, "rows": []})");
    for (int i = 0; i < 4; ++i)
        work({claim(1, i)});
    ASSERT_THAT(setbacks, SizeIs(4));
    EXPECT_EQ(setbacks[2].kind, Kind::again);
    EXPECT_EQ(setbacks[3].kind, Kind::refused);
    EXPECT_THAT(setbacks[3].error,
                HasSubstr("the body is not JSON at byte 10: expected a value, not NaN, again and again"));
    EXPECT_THAT(setbacks[3].error, ::testing::Not(HasSubstr("source.response.otherwise")));
    EXPECT_THAT(setbacks[3].payload, HasSubstr("NaN"));
}

TEST_F(FetchWorkerTest, TheLastCauseOfAnOutageIsRemembered) {
    transport.then_status(503);
    work({claim(2)});
    EXPECT_EQ(parts().health.last_cause(), "HTTP status 503");
    transport.then_fail(ErrorKind::transient, "connection reset");
    work({claim(2)});
    EXPECT_EQ(parts().health.last_cause(), "connection reset");
    transport.then_status(429);
    work({claim(2)});
    EXPECT_EQ(parts().health.last_cause(), "HTTP status 429");
    shared.clock.advance(std::chrono::seconds(1));
    transport.then_status(200, kFullPage);
    work({claim(1)});
    EXPECT_EQ(parts().health.last_cause(), "");
}

struct TransportCase {
    ErrorKind kind;
    Kind expected;
};
class TransportErrors : public FetchingTest, public ::testing::WithParamInterface<TransportCase> {};

TEST_P(TransportErrors, EndInTheSetbackOfTheirKind) {
    transport.then_fail(GetParam().kind, "what went wrong");
    work({claim(2)});
    EXPECT_EQ(setback().kind, GetParam().expected);
    EXPECT_FALSE(setback().kind == Kind::again && setback().counts);
}
INSTANTIATE_TEST_SUITE_P(Each, TransportErrors,
                         ::testing::Values(TransportCase{ErrorKind::transient, Kind::again},
                                           TransportCase{ErrorKind::throttled, Kind::again},
                                           TransportCase{ErrorKind::permanent, Kind::refused},
                                           TransportCase{ErrorKind::data, Kind::refused},
                                           TransportCase{ErrorKind::config, Kind::returned},
                                           TransportCase{ErrorKind::cancelled, Kind::returned},
                                           TransportCase{ErrorKind::bug, Kind::again}));

TEST_F(FetchWorkerTest, ARequestThatTheConfigMakesImpossibleStopsTheRun) {
    transport.then_fail(ErrorKind::config, "a header holds CR");
    work({claim(2)});
    EXPECT_EQ(shared.stop.cause(), StopCause::config);
}

TEST_F(FetchWorkerTest, ATransportThatThrowsFailsItsJobOnly) {
    transport.then([](const http::Request&, std::stop_token) -> Result<http::Response> {
        throw std::runtime_error("a bug in the transport");
    });
    transport.then_status(200, kFullPage);
    work({claim(2), claim(3)});
    EXPECT_EQ(setback().claim.no, 2);
    EXPECT_THAT(setback().error, HasSubstr("a bug in the transport"));
    EXPECT_THAT(stored(), SizeIs(1));
    EXPECT_EQ(parts().gate.in_flight(), 0);
}

TEST_F(FetchWorkerTest, ASliceThatCannotBeReadFailsItsJobOnly) {
    transport.then_status(200, kFullPage);
    ledger::Claim broken = claim(2);
    broken.slice_id = 7;
    broken.slice_params = "no JSON";
    work({broken, claim(3)});
    EXPECT_EQ(setback().claim.no, 2);
    EXPECT_THAT(stored(), SizeIs(1));
}

TEST_F(FetchWorkerTest, ARefusedStaticCredentialStopsTheRunAndReturnsThePage) {
    transport.then_status(401);
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(shared.stop.cause(), StopCause::credential);
    EXPECT_THAT(shared.stop.reason(), HasSubstr("source.auth"));
}

TEST_F(FetchWorkerTest, ARefusedCredentialEndsThisProcessAloneWhereOthersGoOn) {
    shared.context.refusal.carried();
    transport.then_status(401);
    std::jthread working([&] { work({claim(2)}); });
    shared.clock.wait_for_sleepers();
    shared.context.refusal.heard(true, {.all = 1, .refused = 0});
    shared.clock.advance(std::chrono::seconds(6));
    working.join();
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(shared.stop.cause(), StopCause::lost);
    EXPECT_THAT(shared.stop.reason(), HasSubstr("others of the run go on"));
}

TEST_F(FetchWorkerTest, ASecretThatArrivesWhileOthersGoOnIsTaken) {
    shared.config.source.auth = config::AuthBearer{.token = {.value = "old", .source = "${file:/run/token}"}};
    std::atomic<bool> arrived = false;
    reread = [&](const config::Secret& secret) {
        return Result<config::Secret>(
            config::Secret{.value = arrived ? "new" : "old", .source = secret.source});
    };
    shared.context.refusal.carried();
    transport.then_status(401);
    std::jthread working([&] { work({claim(2)}); });
    shared.clock.wait_for_sleepers();
    EXPECT_TRUE(shared.context.refusal.is_said());
    shared.context.refusal.heard(true, {.all = 1, .refused = 0});
    arrived = true;
    shared.clock.advance(std::chrono::seconds(6));
    working.join();
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_FALSE(setback().counts);
    EXPECT_FALSE(shared.context.refusal.is_said());
    EXPECT_EQ(shared.stop.cause(), StopCause::none);
}

TEST_F(FetchWorkerTest, ARotatedCredentialIsTriedAtOnceAndUncounted) {
    shared.config.source.auth = config::AuthBearer{.token = {.value = "old", .source = "${file:/run/token}"}};
    reread = [](const config::Secret& secret) {
        return Result<config::Secret>(config::Secret{.value = "new", .source = secret.source});
    };
    transport.then_status(401);
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_FALSE(setback().counts);
    EXPECT_EQ(setback().delay, Millis{0});
    EXPECT_EQ(shared.stop.cause(), StopCause::none);
}

TEST_F(FetchWorkerTest, APageThatShowsAWrongKeyFailsItsSlice) {
    transport.then_status(200, R"({"total": 4, "rows": [{"id": 1, "note": "a"}, {"id": 1, "note": "b"}]})");
    work({claim(1)});
    const auto got = stored();
    ASSERT_THAT(got, SizeIs(1));
    EXPECT_THAT(got[0].result.slice_error.value_or(""), HasSubstr("sink.key is not unique"));
}

TEST_F(FetchWorkerTest, AFirstPageThatTheApiCapsFailsItsSlice) {
    transport.then_status(200, R"({"total": 4, "rows": [{"id": 1, "note": "a"}]})");
    work({claim(1)});
    const auto got = stored();
    ASSERT_THAT(got, SizeIs(1));
    EXPECT_TRUE(got[0].result.slice_error);
}

TEST_F(FetchWorkerTest, ReturnsThePageWhenTheBufferIsClosed) {
    transport.then_status(200, kFullPage);
    pages.close();
    work({claim(2)});
    EXPECT_EQ(setback().kind, Kind::returned);
}

TEST_F(FetchWorkerTest, StoppedWhileItWaitsForTheLimiterItReturnsThePage) {
    parts().limiter.pause_until(MonoTime::max());
    ClaimQueue jobs(10);
    jobs.push(claim(2), {});
    std::jthread thread([&] { worker(jobs).work(); });
    shared.clock.wait_for_sleepers();
    shared.stop.no_new_work(StopCause::sigterm, "");
    thread.join();
    collect();
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_THAT(transport.targets(), IsEmpty());
}

TEST_F(FetchWorkerTest, StoppedWhileItWaitsForMemoryItReturnsThePage) {
    auto all = parts().budget.acquire({});
    ASSERT_TRUE(all && all->grow_to(parts().budget.total()));
    ClaimQueue jobs(10);
    jobs.push(claim(2), {});
    std::jthread thread([&] { worker(jobs).work(); });
    while (jobs.size() > 0)
        std::this_thread::yield();
    shared.stop.no_new_work(StopCause::sigterm, "");
    thread.join();
    collect();
    EXPECT_EQ(setback().kind, Kind::returned);
}

TEST_F(FetchWorkerTest, StoppedWhileItWaitsForAPermitItTakesNoJob) {
    const InFlight::Permit other = parts().gate.asking().acquire({});
    ClaimQueue jobs(10);
    jobs.push(claim(2), {});
    std::jthread thread([&] { worker(jobs).work(); });
    shared.stop.no_new_work(StopCause::sigterm, "");
    thread.join();
    EXPECT_EQ(jobs.size(), 1U);
}

TEST_F(FetchWorkerTest, AsksForNoPageWhoseLeaseMayBeGone) {
    Held& held = shared.context.held;
    held.add(claim(1).page_id, shared.clock.now());
    held.beaten(shared.clock.now(), shared.clock.now(), std::chrono::seconds(30), false);
    shared.clock.advance(std::chrono::seconds(31));
    work({claim(1)});
    EXPECT_EQ(setback().kind, Kind::returned) << "the ledger knows by the epoch whose it is";
    EXPECT_THAT(transport.targets(), IsEmpty());

    held.beaten(shared.clock.now(), shared.clock.now(), std::chrono::seconds(30), false);
    held.add(claim(2).page_id, shared.clock.now());
    transport.then_status(200, kFullPage);
    work({claim(2)});
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=2"));
}

TEST_F(FetchWorkerTest, CancelledInFlightItReturnsThePage) {
    transport.then([](const http::Request&, std::stop_token cancel) -> Result<http::Response> {
        while (!cancel.stop_requested())
            std::this_thread::yield();
        return fail(ErrorKind::cancelled, "", "cancelled");
    });
    ClaimQueue jobs(10);
    jobs.push(claim(2), {});
    std::jthread thread([&] { worker(jobs).work(); });
    while (transport.targets().empty())
        std::this_thread::yield();
    shared.stop.cancel(StopCause::sigterm, "");
    thread.join();
    collect();
    EXPECT_EQ(setback().kind, Kind::returned);
}

}  // namespace
}  // namespace pagehaul::engine
