#include "http/leased_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "budget_time.h"

namespace pagehaul::http {
namespace {

using namespace std::chrono_literals;

/// What the ledger's row does.
struct Budget {
    Nanos interval;
    Nanos tolerance;
    BudgetTime next{};
    BudgetTime paused{};
    std::int64_t handed = 0;

    explicit Budget(const LeasedSlots& like) : interval(like.interval()), tolerance(like.tolerance()) {}

    Lease lease(std::int64_t slots, MonoTime now) {
        const BudgetTime from = std::max({next, paused, budget_time(now) - tolerance});
        next = from + slots * interval;
        handed += slots;
        return {.from = from,
                .slots = slots,
                .handed = handed,
                .pause = {.until = paused, .now = budget_time(now)}};
    }
};

/// A process of some workers, each of which asks again `latency` after it went, `thinking` later.
struct Process {
    LeasedSlots slots;
    Nanos latency;
    std::vector<MonoTime> ready;    // of the workers that wait for nothing
    std::vector<MonoTime> slotted;  // when those with a slot go
    int without = 0;                // those without
    int most = 0;
    MonoTime frozen_until = kStart;
    std::optional<std::pair<Lease, MonoTime>> answer;  // under way, since
    std::vector<MonoTime> sent;
    int leases = 0;

    Process(double rate, std::int64_t burst, int workers, Nanos answered_after)
        : slots(rate, burst), latency(answered_after), ready(static_cast<std::size_t>(workers), kStart) {}

    int waiting() const { return without + static_cast<int>(slotted.size()); }

    /// Slots that are void ask again: what RateLimiter does.
    void let_go(MonoTime now) {
        ready.insert(ready.end(), slotted.size(), now);
        slotted.clear();
    }

    void reserve(MonoTime now) {
        most = std::max(most, waiting() + 1);
        if (const auto slot = slots.reserve(now))
            slotted.push_back(*slot);
        else
            ++without;
    }

    void step(Budget& budget, MonoTime now, Nanos trip) {
        if (now < frozen_until) return;
        if (answer && answer->second + trip <= now) {
            slots.add(answer->first, answer->second, now);
            answer.reset();
            for (int waiters = std::exchange(without, 0); waiters > 0; --waiters)
                reserve(now);
        }
        const auto first = std::partition(ready.begin(), ready.end(), [&](MonoTime at) { return at > now; });
        const auto asking = std::distance(first, ready.end());
        ready.erase(first, ready.end());
        for (std::ptrdiff_t i = 0; i < asking; ++i)
            reserve(now);
        const auto due =
            std::partition(slotted.begin(), slotted.end(), [&](MonoTime at) { return at > now; });
        for (auto slot = due; slot != slotted.end(); ++slot) {
            sent.push_back(now);
            ready.push_back(now + latency);
        }
        slotted.erase(due, slotted.end());
        const auto ask = slots.next_ask(without, now);
        if (!answer && ask && *ask <= now) {
            answer = {budget.lease(slots.wanted(most, without, now), now), now};
            most = waiting();
            ++leases;
        }
    }
};

struct Together {
    std::vector<Process> processes;
    Budget budget;
    Nanos trip = 2ms;

    explicit Together(std::vector<Process> some)
        : processes(std::move(some)), budget(processes.front().slots) {}

    void run(MonoTime from, MonoTime to) {
        for (MonoTime now = from; now < to; now += 500us)
            for (Process& process : processes)
                process.step(budget, now, trip);
    }
    /// Requests a second between the two.
    double rate(MonoTime from, MonoTime to) const {
        std::ptrdiff_t sent = 0;
        for (const Process& process : processes)
            sent += count(process, from, to);
        return static_cast<double>(sent) / std::chrono::duration<double>(to - from).count();
    }
    static std::ptrdiff_t count(const Process& process, MonoTime from, MonoTime to) {
        return std::count_if(process.sent.begin(), process.sent.end(),
                             [&](MonoTime at) { return at >= from && at < to; });
    }
};

std::vector<Process> some(int count, double rate, int workers, Nanos latency, std::int64_t burst = 1) {
    std::vector<Process> processes;
    for (int i = 0; i < count; ++i)
        processes.emplace_back(rate, burst, workers, latency);
    return processes;
}

TEST(LeasedSlots, OfOneProcessAreTheRate) {
    Together alone(some(1, 200, 32, 100ms));
    alone.run(kStart, kStart + 20s);
    EXPECT_NEAR(alone.rate(kStart, kStart + 20s), 200, 1);
    EXPECT_LT(Together::count(alone.processes[0], kStart, kStart + 20s) / alone.processes[0].leases, 100);
    EXPECT_LT(alone.processes[0].leases, 200);
}

TEST(LeasedSlots, OfSixteenProcessesTogetherAreTheRate) {
    for (const Nanos latency : {10ms, 100ms, 600ms}) {
        Together all(some(16, 200, 16, latency));
        all.run(kStart, kStart + 20s);
        EXPECT_NEAR(all.rate(kStart + 2s, kStart + 20s), 200, 4) << latency.count();
        int leases = 0;
        for (const Process& process : all.processes)
            leases += process.leases;
        EXPECT_LT(leases, 200 * 20 / 3) << "a round trip a request";
    }
}

TEST(LeasedSlots, OfProcessesWithFewWorkersAreTheRateToo) {
    Together all(some(4, 100, 4, 100ms));
    all.run(kStart, kStart + 20s);
    EXPECT_NEAR(all.rate(kStart + 2s, kStart + 20s), 100, 3);
}

TEST(LeasedSlots, NeverExceedTheRateInAnySecond) {
    Together all(some(8, 100, 8, 50ms, 5));
    all.run(kStart, kStart + 10s);
    for (MonoTime from = kStart; from + 1s < kStart + 10s; from += 100ms)
        EXPECT_LE(all.rate(from, from + 1s), 100 + 5 + 3);
}

TEST(LeasedSlots, AreEquallySharedByThoseWhoAreEquallyHungryWhoeverCameFirst) {
    auto processes = some(4, 200, 32, 100ms);
    for (MonoTime& ready : processes[3].ready)
        ready = kStart + 5s;
    Together all(std::move(processes));
    all.run(kStart, kStart + 30s);
    for (const Process& process : all.processes)
        EXPECT_NEAR(static_cast<double>(Together::count(process, kStart + 20s, kStart + 30s)), 500, 75);
}

TEST(LeasedSlots, OfOneWithLittleToDoAreLeftToTheOthers) {
    auto processes = some(2, 200, 64, 100ms);
    processes.emplace_back(200, 1, 1, 1s);
    Together all(std::move(processes));
    all.run(kStart, kStart + 20s);
    EXPECT_NEAR(all.rate(kStart + 2s, kStart + 20s), 200, 6);
}

TEST(LeasedSlots, OfAProcessThatWasFrozenAreVoidAndTheOthersHaveTheRate) {
    Together all(some(4, 200, 16, 100ms));
    all.run(kStart, kStart + 5s);
    Process& frozen = all.processes[0];
    frozen.let_go(kStart + 5s);
    frozen.frozen_until = kStart + 15s;
    all.run(kStart + 5s, kStart + 20s);
    EXPECT_NEAR(all.rate(kStart + 6s, kStart + 15s), 200, 6);
    EXPECT_LE(all.rate(kStart + 15s, kStart + 15s + 100ms) / 10, 20 + 2);
}

TEST(LeasedSlots, AfterAQuietTimeTheBurstGoesAtOnce) {
    Together alone(some(1, 10, 8, 20s, 8));
    alone.run(kStart, kStart + 100ms);
    EXPECT_EQ(Together::count(alone.processes[0], kStart, kStart + 100ms), 8);
}

TEST(LeasedSlots, BeforeTheEndOfAPauseAreVoidAndThereIsNoBurstBehindIt) {
    Together alone(some(1, 100, 20, 10ms, 10));
    alone.run(kStart, kStart + 2s);
    alone.processes[0].slots.pause_until(kStart + 5s);
    alone.budget.paused = budget_time(kStart + 5s);
    alone.processes[0].let_go(kStart + 2s);
    alone.run(kStart + 2s, kStart + 7s);
    EXPECT_EQ(alone.rate(kStart + 2s, kStart + 5s), 0);
    EXPECT_LE(alone.rate(kStart + 5s, kStart + 6s), 102);
}

TEST(BudgetClock, StaysWhereItIsAsLongAsTheAnswersAllowIt) {
    BudgetClock clock;
    clock.heard(budget_time(kStart), kStart - 1ms, kStart + 4ms);
    EXPECT_EQ(clock.local(budget_time(kStart)), kStart + 4ms) << "rather late than early";
    clock.heard(budget_time(kStart + 1s), kStart + 1s - 1ms, kStart + 1s + 90ms);
    EXPECT_EQ(clock.local(budget_time(kStart)), kStart + 4ms);
    clock.heard(budget_time(kStart + 2s), kStart + 2s - 1ms, kStart + 2s + 1ms);
    EXPECT_EQ(clock.local(budget_time(kStart)), kStart + 1ms);
}

TEST(BudgetClock, FollowsAClockThatWasSet) {
    BudgetClock clock;
    clock.heard(budget_time(kStart), kStart, kStart + 1ms);
    clock.heard(budget_time(kStart + 1s) + 10s, kStart + 1s, kStart + 1s + 1ms);
    EXPECT_NEAR(static_cast<double>((clock.at(kStart + 2s) - budget_time(kStart + 12s)).count()), 0, 1e6);
}

}  // namespace
}  // namespace pagehaul::http
