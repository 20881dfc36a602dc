#include "engine/fetch/concurrency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <queue>
#include <random>
#include <thread>

namespace pagehaul::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the simulated API does with a request that is sent now, `in_flight` others included.
struct Answer {
    Nanos latency{0};
    bool throttled = false;
};
using Api = std::function<Answer(MonoTime now, int in_flight)>;

/// A run without threads: always as many requests in flight as the controller allows.
class Simulation {
  public:
    Simulation(const ConcurrencyOptions& options, Api api) : controller(options), api_(std::move(api)) {}

    void run_requests(int count) {
        const int until = answered + count;
        while (answered < until)
            step();
    }
    void run_until(MonoTime end) {
        while (now < end)
            step();
    }

    ConcurrencyController controller;
    MonoTime now = MonoTime(std::chrono::hours(1));
    int answered = 0;
    int throttled = 0;
    int lowest = 1'000'000;
    int highest = 0;

  private:
    struct Flight {
        MonoTime ends;
        Nanos latency;
        bool throttled;
        bool operator>(const Flight& other) const { return ends > other.ends; }
    };

    void step() {
        while (static_cast<int>(flights_.size()) < controller.limit()) {
            const Answer answer = api_(now, static_cast<int>(flights_.size()) + 1);
            flights_.push({now + answer.latency, answer.latency, answer.throttled});
        }
        const Flight done = flights_.top();
        const int in_flight = static_cast<int>(flights_.size());
        flights_.pop();
        now = done.ends;
        ++answered;
        throttled += done.throttled ? 1 : 0;
        controller.on_answer({.latency = done.latency, .throttled = done.throttled, .in_flight = in_flight},
                             now);
        lowest = std::min(lowest, controller.limit());
        highest = std::max(highest, controller.limit());
    }

    Api api_;
    std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
};

const MonoTime kStart = MonoTime(std::chrono::hours(1));

ConcurrencyOptions ceiling(int most) {
    ConcurrencyOptions options;
    options.ceiling = most;
    return options;
}

/// `base` ± the noise of a busy scheduler: mostly small, now and then 20 ms.
class Noise {
  public:
    Nanos operator()(Nanos base) {
        const double extra = exponential_(engine_) * 0.5 + (chance_(engine_) < 0.01 ? 20.0 : 0.0);
        return base + Nanos(static_cast<Nanos::rep>(extra * 1e6));
    }

  private:
    std::mt19937_64 engine_{7};
    std::exponential_distribution<double> exponential_{1.0};
    std::uniform_real_distribution<double> chance_{0.0, 1.0};
};

TEST(Concurrency, ReachesTheCeilingWithinThreeRoundTripsAndStaysThere) {
    Noise noise;
    Simulation run(ceiling(32), [&](MonoTime, int) { return Answer{noise(milliseconds(100))}; });
    run.run_until(kStart + milliseconds(330));
    EXPECT_EQ(run.controller.limit(), 32);
    run.lowest = 32;
    run.run_requests(10'000);
    EXPECT_EQ(run.lowest, 32);
}

TEST(Concurrency, CostsLessThanTwoPercentOfAnIdealRun) {
    Noise noise;
    Simulation run(ceiling(32), [&](MonoTime, int) { return Answer{noise(milliseconds(100))}; });
    run.run_requests(9'999);
    const double took = std::chrono::duration<double>(run.now - kStart).count();
    EXPECT_GT(313 * 0.1 / took, 0.98);
}

TEST(Concurrency, WideLatencyNoiseDoesNotShrinkIt) {
    std::mt19937_64 engine{11};
    std::lognormal_distribution<double> factor(
        0.0, 0.6);  // a tenth above 2.2 times the median, a tenth below half
    Simulation run(ceiling(64), [&](MonoTime, int) {
        return Answer{Nanos(static_cast<Nanos::rep>(80e6 * factor(engine)))};
    });
    run.run_requests(2'000);
    run.lowest = 64;
    run.run_requests(20'000);
    EXPECT_GE(run.lowest, 32);
    EXPECT_GE(run.controller.limit(), 48);
}

TEST(Concurrency, TinyLocalLatenciesDoNotOscillate) {
    std::mt19937_64 engine{3};
    std::uniform_real_distribution<double> micros(150, 3'000);
    Simulation run(ceiling(32), [&](MonoTime, int) {
        return Answer{Nanos(static_cast<Nanos::rep>(1e3 * micros(engine)))};
    });
    run.run_requests(100);
    run.lowest = 32;
    run.run_requests(50'000);
    EXPECT_EQ(run.lowest, 32);
}

/// Serves `capacity` at once; the rest waits in line, so latency grows in proportion.
Api overloadable(int capacity, Nanos base) {
    return [=](MonoTime, int in_flight) { return Answer{std::max(base, base * in_flight / capacity)}; };
}

TEST(Concurrency, SettlesAroundTheCapacityOfAnOverloadedApi) {
    Simulation run(ceiling(128), overloadable(20, milliseconds(100)));
    run.run_until(kStart + seconds(20));
    run.lowest = 128;
    run.highest = 0;
    const int before = run.answered;
    run.run_until(kStart + seconds(320));
    EXPECT_GE(run.lowest, 15);
    EXPECT_LE(run.highest, 34);                              // the first round above 1.5 × is 31
    EXPECT_GT(run.answered - before, 200 * 300 * 95 / 100);  // of 20 every 100 ms
}

TEST(Concurrency, TheMinimumDoesNotCreepUpUnderLoad) {
    Simulation run(ceiling(128), overloadable(20, milliseconds(100)));
    run.run_until(kStart + std::chrono::minutes(20));
    EXPECT_LE(run.controller.baseline(), milliseconds(110));
    EXPECT_LE(run.controller.limit(), 34);
}

TEST(Concurrency, AStepInLatencyThatIsNotOursIsAccepted) {
    const MonoTime step_at = kStart + seconds(10);
    Simulation run(ceiling(32),
                   [=](MonoTime now, int) { return Answer{milliseconds(now < step_at ? 100 : 350)}; });
    run.run_until(step_at);
    EXPECT_EQ(run.controller.limit(), 32);
    run.run_until(step_at + seconds(5));
    EXPECT_EQ(run.controller.limit(), 32);
    EXPECT_EQ(run.controller.baseline(), milliseconds(350));
    run.lowest = 32;
    run.run_until(step_at + seconds(60));
    EXPECT_EQ(run.lowest, 32);
}

TEST(Concurrency, AStepDownIsTheNewMinimum) {
    const MonoTime step_at = kStart + seconds(10);
    Simulation run(ceiling(32),
                   [=](MonoTime now, int) { return Answer{milliseconds(now < step_at ? 300 : 100)}; });
    run.run_until(step_at + seconds(5));
    EXPECT_EQ(run.controller.baseline(), milliseconds(100));
    EXPECT_EQ(run.controller.limit(), 32);
}

TEST(Concurrency, AnOldMinimumAgesOut) {
    auto options = ceiling(8);
    options.memory = seconds(5);
    options.memory_rounds = 10;
    const MonoTime step_at = kStart + seconds(1);
    // A little slower for ever after: never slow enough to be judged so.
    Simulation run(options,
                   [=](MonoTime now, int) { return Answer{milliseconds(now < step_at ? 100 : 140)}; });
    run.run_until(step_at + seconds(4));
    EXPECT_EQ(run.controller.baseline(), milliseconds(100));
    run.run_until(step_at + seconds(6));
    EXPECT_EQ(run.controller.baseline(), milliseconds(140));
}

TEST(Concurrency, OneBurstOfRefusalsShrinksItOnce) {
    ConcurrencyController controller(ceiling(32));
    MonoTime now = kStart;
    for (int round = 0; round < 3; ++round) {
        now += milliseconds(100);
        for (int i = 0, n = controller.limit(); i < n; ++i) {
            controller.on_answer({.latency = milliseconds(100), .in_flight = n}, now);
        }
    }
    ASSERT_EQ(controller.limit(), 32);
    for (int i = 0; i < 32; ++i) {
        controller.on_answer({.latency = milliseconds(50), .throttled = true, .in_flight = 32},
                             now + milliseconds(60));
    }
    EXPECT_EQ(controller.limit(), 22);
}

TEST(Concurrency, ARefusalStormGoesDownToOneAndComesBackByOneARound) {
    const MonoTime storm = kStart + seconds(2);
    const MonoTime calm = kStart + seconds(6);
    Simulation run(ceiling(32), [=](MonoTime now, int) {
        return Answer{milliseconds(100), now >= storm && now < calm};
    });
    run.run_until(calm);
    EXPECT_EQ(run.controller.limit(), 1);
    run.run_until(calm + milliseconds(1'250));
    EXPECT_GT(run.controller.limit(), 8);
    EXPECT_LT(run.controller.limit(), 16);
    run.run_until(calm + seconds(5));
    EXPECT_EQ(run.controller.limit(), 32);
}

TEST(Concurrency, AnApiThatRefusesAboveItsCapacityIsRarelyAsked) {
    Simulation run(ceiling(128), [](MonoTime, int in_flight) {
        return in_flight > 24 ? Answer{milliseconds(5), true} : Answer{milliseconds(100)};
    });
    run.run_until(kStart + seconds(60));
    EXPECT_LT(run.throttled, run.answered / 20);
    EXPECT_GT(run.answered - run.throttled, 240 * 60 * 7 / 10);
}

TEST(Concurrency, DoesNotGrowWhileTheRequestsDoNotFillIt) {
    ConcurrencyController controller(ceiling(32));
    MonoTime now = kStart;
    for (int i = 0; i < 200; ++i) {
        now += milliseconds(100);
        controller.on_answer({.latency = milliseconds(100), .in_flight = 1}, now);
    }
    EXPECT_EQ(controller.limit(), 8);
}

TEST(Concurrency, AFixedLimitIsFixed) {
    auto options = ceiling(32);
    options.fixed = true;
    options.start = 5;
    ConcurrencyController controller(options);
    for (int i = 0; i < 100; ++i) {
        controller.on_answer({.latency = milliseconds(i), .throttled = i % 2 == 0, .in_flight = 5},
                             kStart + milliseconds(100 * i));
    }
    EXPECT_EQ(controller.limit(), 5);
}

TEST(Concurrency, StartsNoHigherThanItsCeiling) {
    EXPECT_EQ(ConcurrencyController(ceiling(3)).limit(), 3);
}

TEST(InFlight, NeverMoreThanTheLimit) {
    InFlight gate(3);
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) {
                    const auto permit = gate.acquire({});
                    const int now = ++inside;
                    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                    }
                    std::this_thread::yield();
                    --inside;
                }
            });
        }
    }
    EXPECT_LE(most, 3);
    EXPECT_EQ(gate.in_flight(), 0);
}

TEST(InFlight, AStopEndsTheWait) {
    InFlight gate(1);
    const auto held = gate.acquire({});
    std::stop_source stop;
    bool got = true;
    std::jthread waiter([&] { got = static_cast<bool>(gate.acquire(stop.get_token())); });
    stop.request_stop();
    waiter.join();
    EXPECT_FALSE(got);
    EXPECT_EQ(gate.in_flight(), 1);
}

TEST(InFlight, AStoppedTokenGetsNothingEvenWithRoom) {
    InFlight gate(1);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(gate.acquire(stop.get_token()));
}

TEST(InFlight, ARaisedLimitLetsWaitersIn) {
    InFlight gate(1);
    const auto first = gate.acquire({});
    InFlight::Permit second;
    std::jthread waiter([&] { second = gate.acquire({}); });
    gate.set_limit(2);
    waiter.join();
    EXPECT_TRUE(second);
    EXPECT_EQ(gate.in_flight(), 2);
}

TEST(InFlight, ALowerLimitHoldsAsPermitsComeBack) {
    InFlight gate(2);
    auto first = gate.acquire({});
    auto second = gate.acquire({});
    gate.set_limit(1);
    EXPECT_EQ(gate.in_flight(), 2);
    first.release();
    std::stop_source stop;
    std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_FALSE(gate.acquire(stop.get_token()));
    second.release();
    EXPECT_TRUE(gate.acquire({}));
}

}  // namespace
}  // namespace pagehaul::engine
