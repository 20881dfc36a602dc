#include "machine/sizing.h"

#include <gtest/gtest.h>

#include <map>

namespace pagehaul::machine {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

MachineLimits machine(std::optional<double> cpus, std::optional<std::int64_t> memory) {
    MachineLimits limits;
    limits.cpu_quota = cpus;
    limits.cpu_quota_from = cpus ? "cpu.max" : "";
    limits.memory = memory;
    limits.memory_from = memory ? "memory.max" : "";
    limits.affinity_cpus = 64;
    limits.host_cpus = 64;
    limits.mem_total = 256 * 1024 * kMiB;
    return limits;
}

config::Config defaults() {
    return {};
}

TEST(Sizing, ASmallPodGetsThirtyTwoWorkersAndOneWriter) {
    const Sizing size = plan_workers(machine(0.5, 64 * kMiB), defaults());
    EXPECT_EQ(size.fetch_workers, 32);
    EXPECT_EQ(size.writers, 1);
    EXPECT_EQ(size.cpus, 0.5);
    EXPECT_EQ(size.job_queue, 64);
    EXPECT_EQ(size.warnings, std::vector<std::string>{});
}

TEST(Sizing, WorkersStayBetweenEightAndAHundredAndTwentyEight) {
    EXPECT_EQ(plan_workers(machine(0.01, {}), defaults()).fetch_workers, 8);
    EXPECT_EQ(plan_workers(machine(0.51, {}), defaults()).fetch_workers, 33);
    EXPECT_EQ(plan_workers(machine(2.0, {}), defaults()).fetch_workers, 128);
    EXPECT_EQ(plan_workers(machine(64.0, {}), defaults()).fetch_workers, 128);
}

TEST(Sizing, WritersFollowTheCpusUpToFour) {
    EXPECT_EQ(plan_workers(machine(0.1, {}), defaults()).writers, 1);
    EXPECT_EQ(plan_workers(machine(1.5, {}), defaults()).writers, 2);
    EXPECT_EQ(plan_workers(machine(16.0, {}), defaults()).writers, 4);
}

TEST(Sizing, WithoutALimitTheHostsCoresAreNotTaken) {
    const Sizing size = plan_workers(machine({}, {}), defaults());
    EXPECT_EQ(size.cpus, 2);
    EXPECT_EQ(size.writers, 2);
    EXPECT_EQ(size.memory, 512 * kMiB);
    EXPECT_EQ(size.cpus_from, "no limit found");
    EXPECT_EQ(size.memory_from, "no limit found");
}

TEST(Sizing, AffinityIsALimitOnlyWhereItIsSmallerThanTheHost) {
    MachineLimits limits = machine({}, {});
    limits.affinity_cpus = 4;
    EXPECT_EQ(plan_workers(limits, defaults()).cpus, 4);
    limits.host_cpus = 4;
    EXPECT_EQ(plan_workers(limits, defaults()).cpus, 2);
    limits.affinity_cpus = limits.host_cpus = 1;
    EXPECT_EQ(plan_workers(limits, defaults()).cpus, 1);
}

TEST(Sizing, AQuotaAboveTheAffinityIsNotBelieved) {
    MachineLimits limits = machine(8.0, {});
    limits.affinity_cpus = 2;
    const Sizing size = plan_workers(limits, defaults());
    EXPECT_EQ(size.cpus, 2);
    EXPECT_EQ(size.cpus_from, "affinity");
}

TEST(Sizing, TheByteBudgetLeavesRoomForTheProcess) {
    const auto budget = [](std::optional<std::int64_t> memory) {
        return plan_workers(machine(2.0, memory), defaults()).byte_budget;
    };
    EXPECT_EQ(budget(32 * kMiB), 4 * kMiB);
    EXPECT_EQ(budget(64 * kMiB), 4 * kMiB);
    EXPECT_EQ(budget(128 * kMiB), 104 * kMiB / 16);
    EXPECT_EQ(budget(1024 * kMiB), 1000 * kMiB / 16);
    EXPECT_EQ(budget(4096 * kMiB), 64 * kMiB);
    EXPECT_LE(24 * kMiB + budget(128 * kMiB), 48 * kMiB);
}

TEST(Sizing, AlmostNoMemoryMeansFewerWorkers) {
    EXPECT_EQ(plan_workers(machine(2.0, 32 * kMiB), defaults()).fetch_workers, 32);
    EXPECT_EQ(plan_workers(machine(2.0, 64 * kMiB), defaults()).fetch_workers, 32);
    EXPECT_EQ(plan_workers(machine(2.0, 128 * kMiB), defaults()).fetch_workers, 52);
}

TEST(Sizing, TheBatchesOfAllWritersAndTheNextOneFitTheBudget) {
    for (const double cpus : {0.5, 2.0, 4.0}) {
        for (const std::int64_t memory : {32, 64, 128, 4096}) {
            const Sizing size = plan_workers(machine(cpus, memory * kMiB), defaults());
            EXPECT_LE((size.writers + 1) * size.batch_bytes, size.byte_budget) << cpus << " " << memory;
            EXPECT_LE(size.in_flight_start * size.first_request, size.byte_budget) << cpus << " " << memory;
        }
    }
}

TEST(Sizing, NoMoreWorkersThanTheRateLimitCanUse) {
    auto config = defaults();
    config.source.limits.rate = config::Rate{.per_second = 0.5};
    config.source.limits.burst = 2;
    config.source.timeout.request = config::Millis(30'000);
    const Sizing size = plan_workers(machine(4.0, {}), config);
    EXPECT_EQ(size.fetch_workers, 17);  // 2 at once, then one every 2 s for 30 s
    EXPECT_EQ(size.fetch_workers_from, "source.limits.rate");
    config.source.limits.rate->per_second = 200;
    EXPECT_EQ(plan_workers(machine(4.0, {}), config).fetch_workers, 128);
}

TEST(Sizing, AConfiguredCeilingHasEnoughWorkers) {
    auto config = defaults();
    config.source.limits.ceiling = 200;
    Sizing size = plan_workers(machine(0.5, {}), config);
    EXPECT_EQ(size.fetch_workers, 200);
    EXPECT_EQ(size.in_flight_ceiling, 200);
    EXPECT_EQ(size.in_flight_start, 8);
    EXPECT_FALSE(size.in_flight_fixed);
    config.source.limits.ceiling = 4;
    size = plan_workers(machine(0.5, {}), config);
    EXPECT_EQ(size.in_flight_ceiling, 4);
    EXPECT_EQ(size.in_flight_start, 4);
}

TEST(Sizing, AFixedConcurrencyIsKept) {
    auto config = defaults();
    config.source.limits.concurrency = 48;
    const Sizing size = plan_workers(machine(0.1, {}), config);
    EXPECT_EQ(size.fetch_workers, 48);
    EXPECT_EQ(size.in_flight_start, 48);
    EXPECT_EQ(size.in_flight_ceiling, 48);
    EXPECT_TRUE(size.in_flight_fixed);
}

TEST(Sizing, ExplicitWorkersWinAndAContradictionIsSaid) {
    auto config = defaults();
    config.run.workers = 4;
    config.run.writers = 7;
    config.source.limits.concurrency = 16;
    const Sizing size = plan_workers(machine(4.0, {}), config);
    EXPECT_EQ(size.fetch_workers, 4);
    EXPECT_EQ(size.writers, 7);
    EXPECT_EQ(size.in_flight_ceiling, 4);
    ASSERT_EQ(size.warnings.size(), 1U);
    EXPECT_EQ(size.warnings[0], "source.limits.concurrency 16 cannot be reached with run.workers 4");
}

TEST(Sizing, AResponseThatMayNotFitIsSaid) {
    auto config = defaults();
    config.source.limits.body_bytes = 64 * kMiB;
    const Sizing size = plan_workers(machine(1.0, 64 * kMiB), config);
    ASSERT_EQ(size.warnings.size(), 1U);
    EXPECT_NE(size.warnings[0].find("source.limits.body"), std::string::npos);
}

TEST(Sizing, EveryInputAndResultIsAFact) {
    const MachineLimits limits = machine(0.5, 64 * kMiB);
    const Sizing size = plan_workers(limits, defaults());
    const auto list = size.facts(limits);
    const std::map<std::string, std::string> facts(list.begin(), list.end());
    EXPECT_EQ(facts.at("cpu_quota"), "0.5");
    EXPECT_EQ(facts.at("memory_limit"), "67108864");
    EXPECT_EQ(facts.at("fetch_workers"), "32");
    EXPECT_EQ(facts.at("fetch_workers_from"), "cpus");
    EXPECT_EQ(facts.at("in_flight_mode"), "adaptive");
    for (const auto& [name, value] : size.numbers(limits))
        EXPECT_GT(value, 0) << name;
}

}  // namespace
}  // namespace pagehaul::machine
