#include "http/rate_limiter.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "budget_time.h"

namespace pagehaul::http {
namespace {

using namespace std::chrono_literals;

/// Time passes only by waiting: wait_until jumps.
class JumpingClock final : public Clock {
  public:
    MonoTime now() const override { return now_; }
    WallTime wall_now() const override { return {}; }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        if (before_wait) before_wait(at);
        if (stop.stop_requested()) return false;
        now_ = std::max(now_, at);
        return true;
    }
    mutable MonoTime now_ = kStart;
    std::function<void(MonoTime)> before_wait;
};

TEST(TokenBucket, SpacesRequestsByTheIntervalOfItsRate) {
    TokenBucket bucket(200, 1);
    EXPECT_EQ(bucket.reserve(kStart), kStart);
    // Half an interval of lateness is forgiven once; from there on the slots are exactly 5 ms apart.
    const MonoTime second = bucket.reserve(kStart);
    EXPECT_EQ(second, kStart + 2'500us);
    EXPECT_EQ(bucket.reserve(kStart), second + 5ms);
    EXPECT_EQ(bucket.reserve(kStart), second + 10ms);
}

TEST(TokenBucket, NeverLetsMoreThanItsBurstGoAtOneInstant) {
    for (const std::int64_t burst : {1, 3, 10}) {
        TokenBucket bucket(200, burst);
        int at_once = 0;
        while (bucket.reserve(kStart) == kStart)
            ++at_once;
        EXPECT_EQ(at_once, burst);
    }
}

TEST(TokenBucket, NeverExceedsTheRateOverAnyLongSpanEvenWhenAskedAtRandomTimes) {
    TokenBucket bucket(100, 5);
    MonoTime now = kStart;
    std::vector<MonoTime> sent;
    std::uint32_t noise = 1;
    for (int i = 0; i < 5'000; ++i) {
        noise = noise * 1'664'525U + 1'013'904'223U;
        now = std::max(now + std::chrono::microseconds(noise % 20'000U), bucket.reserve(now));
        sent.push_back(now);
    }
    for (std::size_t i = 0; i + 100 < sent.size(); ++i) {
        // 100 intervals hold at most 100 requests, the burst and the half interval.
        EXPECT_GE(sent[i + 100] - sent[i], 1s - 10ms * 6);
    }
}

TEST(TokenBucket, LosesNoCapacityToLateWaiters) {
    TokenBucket bucket(200, 1);
    // 32 waiters, each up to 4 ms late and asking again 100 ms after it went: what 200/s with latency is.
    std::vector<MonoTime> ready(32, kStart);
    MonoTime last{};
    std::uint32_t noise = 7;
    constexpr int kRequests = 4'000;
    for (int i = 0; i < kRequests; ++i) {
        auto& waiter = *std::min_element(ready.begin(), ready.end());
        noise = noise * 1'664'525U + 1'013'904'223U;
        last = bucket.reserve(waiter) + std::chrono::microseconds(noise % 4'000U);
        waiter = last + 100ms;
    }
    const double ideal = kRequests / 200.0;
    EXPECT_LT(std::chrono::duration<double>(last - kStart).count(), ideal / 0.995);
}

TEST(TokenBucket, IsAcceptedByAServerThatEnforcesTheSameRate) {
    // The server: 200/s, burst 10, requests arriving up to 8 ms after they were sent.
    TokenBucket bucket(200, 1);
    std::vector<MonoTime> arrivals;
    std::uint32_t noise = 3;
    for (int i = 0; i < 4'000; ++i) {
        noise = noise * 1'664'525U + 1'013'904'223U;
        arrivals.push_back(bucket.reserve(kStart) + std::chrono::microseconds(noise % 8'000U));
    }
    std::sort(arrivals.begin(), arrivals.end());
    double tokens = 10;
    int refused = 0;
    MonoTime before = kStart;
    for (const MonoTime at : arrivals) {
        tokens = std::min(10.0, tokens + 200 * std::chrono::duration<double>(at - before).count());
        before = at;
        if (tokens >= 1) {
            tokens -= 1;
        } else {
            ++refused;
        }
    }
    EXPECT_LE(refused, 20);
}

TEST(TokenBucket, HandsOnASlotThatWasGivenBack) {
    TokenBucket bucket(10, 1);
    bucket.reserve(kStart);
    const MonoTime first = bucket.reserve(kStart);
    const MonoTime second = bucket.reserve(kStart);
    const MonoTime third = bucket.reserve(kStart);
    bucket.give_back(second);
    EXPECT_EQ(bucket.reserve(kStart), second);
    bucket.give_back(third);
    EXPECT_EQ(bucket.reserve(kStart), third);
    EXPECT_GT(bucket.reserve(kStart), third);
    EXPECT_LT(first, second);
}

TEST(TokenBucket, StartsAfreshWithoutABurstAfterAPause) {
    TokenBucket bucket(10, 5);
    bucket.pause_until(kStart + 60s);
    EXPECT_EQ(bucket.reserve(kStart), kStart + 60s);
    EXPECT_EQ(bucket.reserve(kStart), kStart + 60s + 100ms);
    EXPECT_FALSE(bucket.pause_until(kStart + 30s));
    EXPECT_EQ(bucket.reserve(kStart), kStart + 60s + 200ms);
}

config::Limits limits(double per_second, std::int64_t burst) {
    config::Limits out;
    out.rate = config::Rate{per_second};
    out.burst = burst;
    return out;
}

TEST(RateLimiter, PacesThoseWhoAsk) {
    const JumpingClock clock;
    RateLimiter limiter(limits(10, 1), clock);
    for (int i = 0; i < 11; ++i)
        EXPECT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 950ms);
}

TEST(RateLimiter, ReturnsTheSlotOfACancelledWait) {
    JumpingClock clock;
    RateLimiter limiter(limits(10, 1), clock);
    ASSERT_TRUE(limiter.acquire({}));
    std::stop_source stop;
    clock.before_wait = [&](MonoTime) { stop.request_stop(); };
    EXPECT_FALSE(limiter.acquire(stop.get_token()));
    clock.before_wait = nullptr;
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 50ms);
}

TEST(RateLimiter, MakesThoseWhoWaitAlreadyWaitOutAPause) {
    JumpingClock clock;
    RateLimiter limiter(limits(10, 1), clock);
    ASSERT_TRUE(limiter.acquire({}));
    bool told = false;
    clock.before_wait = [&](MonoTime) {
        if (!std::exchange(told, true)) limiter.pause_until(kStart + 30s);
    };
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 30s);
    EXPECT_FALSE(limiter.paused_until().has_value());
}

TEST(RateLimiter, WithoutARateHoldsOnlyPauses) {
    const JumpingClock clock;
    RateLimiter limiter(config::Limits{}, clock);
    for (int i = 0; i < 1'000; ++i)
        ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart);
    limiter.pause_until(kStart + 7s);
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 7s);
}

TEST(RateLimiter, TellsUntilWhenItIsPaused) {
    const JumpingClock clock;
    RateLimiter limiter(limits(10, 1), clock);
    limiter.pause_until(kStart + 5s);
    limiter.pause_until(kStart + 2s);
    EXPECT_EQ(limiter.paused_until(), kStart + 5s);
}

TEST(RateLimiter, RefusesToWaitOnceStopped) {
    const JumpingClock clock;
    RateLimiter limiter(limits(10, 1), clock);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(limiter.acquire(stop.get_token()));
}

/// Keeps a budget that nobody else shares, at once and without a thread.
class LeasedRate : public ::testing::Test {
  protected:
    LeasedRate() {
        limiter.on_need([this] { serve(); });
    }
    void serve() {
        const RateLimiter::Need need = limiter.need();
        if (need.at > clock.now()) return;
        if (need.told) paused = std::max(paused, budget_time(*need.told));
        const BudgetTime from = std::max({next, paused, budget_time(clock.now()) - need.tolerance});
        next = from + need.span;
        handed += need.slots;
        limiter.supply(need,
                       {.from = from,
                        .slots = need.slots,
                        .handed = handed,
                        .pause = {.until = paused, .now = budget_time(clock.now())}},
                       clock.now(), clock.now());
    }

    JumpingClock clock;
    RateLimiter limiter{limits(10, 1), clock, Share::leased};
    BudgetTime next{};
    BudgetTime paused{};
    std::int64_t handed = 0;
};

TEST_F(LeasedRate, PacesThoseWhoAskAsARateOfItsOwnDoes) {
    for (int i = 0; i < 101; ++i)
        EXPECT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 9'950ms);
    EXPECT_LE(handed, 110);
}

TEST_F(LeasedRate, TellsTheBudgetOfAPauseAndWaitsItOut) {
    ASSERT_TRUE(limiter.acquire({}));
    limiter.pause_until(kStart + 30s);
    EXPECT_EQ(paused, budget_time(kStart + 30s));
    EXPECT_FALSE(limiter.need().told);
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), kStart + 30s);
}

TEST_F(LeasedRate, HoldsBackThoseWhoHaveASlotWhenAnotherProcessIsToldAPause) {
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(limiter.acquire({}));
    const MonoTime then = clock.now();
    clock.before_wait = [&](MonoTime) {
        limiter.heard_pause({.until = budget_time(then + 20s), .now = budget_time(then)}, then);
        paused = budget_time(then + 20s);
    };
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_EQ(clock.now(), then + 20s);
}

TEST_F(LeasedRate, LooksForPausesWhileThereIsAnythingToHoldBackAndElseAsksForNothing) {
    EXPECT_EQ(limiter.need().at, MonoTime::max());
    MonoTime looked{};
    clock.before_wait = [&](MonoTime) { looked = limiter.need().at; };
    ASSERT_TRUE(limiter.acquire({}));
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_LE(looked, kStart + 500ms);
    clock.before_wait = nullptr;
    serve();
    clock.now_ += 60s;
    EXPECT_EQ(limiter.need().at, MonoTime::max());
}

TEST_F(LeasedRate, ThoseWhoWokeFromAFrozenProcessDoNotGoAtOnce) {
    ASSERT_TRUE(limiter.acquire({}));
    bool frozen = false;
    clock.before_wait = [&](MonoTime) {
        if (!std::exchange(frozen, true)) clock.now_ += 60s;
    };
    ASSERT_TRUE(limiter.acquire({}));
    EXPECT_GT(handed, 2) << "the slot that it waited for is void";
}

TEST_F(LeasedRate, WithoutAKeeperNobodyPassesAndAStopEndsTheWait) {
    limiter.on_need([] {});
    std::stop_source stop;
    std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_FALSE(limiter.acquire(stop.get_token()));
}

TEST(RateLimiter, TellsOfAPauseOfOthersAndOfNoneOfItsOwn) {
    const JumpingClock clock;
    RateLimiter limiter(config::Limits{}, clock, Share::leased);
    int heard = 0;
    limiter.on_others_pause([&] { ++heard; });
    const HeardPause pause{.until = budget_time(kStart + 5s), .now = budget_time(kStart)};
    limiter.heard_pause(pause, kStart + 1ms);
    limiter.heard_pause(pause, kStart + 400ms);
    EXPECT_EQ(heard, 1);
    const HeardPause brief{.until = budget_time(kStart + 6s), .now = budget_time(kStart + 7s)};
    limiter.heard_pause(brief, kStart + 7s);
    EXPECT_EQ(heard, 2) << "it is over, and was told";
    const HeardPause old{.until = budget_time(kStart + 7s), .now = budget_time(kStart + 60s)};
    limiter.heard_pause(old, kStart + 60s);
    EXPECT_EQ(heard, 2);

    limiter.pause_until(clock.now() + 30s);
    const RateLimiter::Need need = limiter.need();
    ASSERT_TRUE(need.told);
    const HeardPause own{.until = budget_time(kStart + 90s), .now = budget_time(kStart + 60s)};
    limiter.supply(need, {.from = {}, .slots = 0, .handed = 0, .pause = own}, clock.now(), clock.now());
    EXPECT_EQ(heard, 2);
}

TEST(RateLimiter, TheSamePauseHeardAgainIsNoLonger) {
    const JumpingClock clock;
    RateLimiter limiter(config::Limits{}, clock, Share::leased);
    EXPECT_FALSE(limiter.is_leased());
    const HeardPause pause{.until = budget_time(kStart + 5s), .now = budget_time(kStart)};
    limiter.heard_pause(pause, kStart + 1ms);
    limiter.heard_pause(pause, kStart + 400ms);
    EXPECT_EQ(limiter.paused_until(), kStart + 5s + 1ms);
    EXPECT_FALSE(limiter.need().told) << "what others know is not told them again";
}

}  // namespace
}  // namespace pagehaul::http
