#include "machine/sizing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace pagehaul::machine {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

constexpr double kCpusWithoutLimit = 2;
constexpr std::int64_t kMemoryWithoutLimit = 512 * kMiB;
constexpr std::int64_t kFixedMemory = 24 * kMiB;
constexpr std::int64_t kBudgetShare = 16;
constexpr std::int64_t kFirstRequest = 256 * kKiB;
/// A worker's stack, parser and buffers, beside what the budget counts. Binds only below 64 MiB.
constexpr std::int64_t kWorkerMemory = 128 * kKiB;

int round_up(double value) {
    return static_cast<int>(std::ceil(std::min(value, 1e6)));
}

std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

void size_cpus(const MachineLimits& limits, Sizing& sizing) {
    const bool pinned = limits.affinity_cpus > 0 && limits.host_cpus > limits.affinity_cpus;
    if (limits.cpu_quota) {
        sizing.cpus = *limits.cpu_quota;
        sizing.cpus_from = limits.cpu_quota_from;
    } else if (pinned) {
        sizing.cpus = limits.affinity_cpus;
        sizing.cpus_from = "affinity";
    } else {
        sizing.cpus = kCpusWithoutLimit;
        sizing.cpus_from = "no limit found";
    }
    if (limits.affinity_cpus > 0 && sizing.cpus > limits.affinity_cpus) {
        sizing.cpus = limits.affinity_cpus;
        sizing.cpus_from = "affinity";
    }
}

void size_memory(const MachineLimits& limits, Sizing& sizing) {
    if (limits.memory) {
        sizing.memory = *limits.memory;
        sizing.memory_from = limits.memory_from;
    } else {
        sizing.memory = kMemoryWithoutLimit;
        sizing.memory_from = "no limit found";
        if (limits.mem_total > 0 && limits.mem_total < sizing.memory) {
            sizing.memory = limits.mem_total;
            sizing.memory_from = "MemTotal";
        }
    }
}

/// What else lives within the same limits is as big as we are.
void take_share(int share, Sizing& sizing) {
    if (share > 1) {
        const std::string of = " / " + std::to_string(share);
        sizing.cpus /= share;
        sizing.cpus_from += of;
        sizing.memory /= share;
        sizing.memory_from += of;
    }
    sizing.byte_budget = std::clamp((sizing.memory - kFixedMemory) / kBudgetShare, 4 * kMiB, 64 * kMiB);
}

/// Little's law with the longest that a request can take: more requests than this can never be under way,
/// because the limiter has not let them go yet.
int usable_by_rate(const config::Source& source) {
    const double seconds = std::chrono::duration<double>(source.timeout.request).count();
    const double most = static_cast<double>(source.limits.burst) + source.limits.rate->per_second * seconds;
    return std::max(1, round_up(most));
}

void size_workers(const config::Config& config, Sizing& sizing) {
    const config::Limits& limits = config.source.limits;
    if (config.run.workers) {
        sizing.fetch_workers = *config.run.workers;
        sizing.fetch_workers_from = "run.workers";
        return;
    }
    sizing.fetch_workers = std::clamp(round_up(sizing.cpus * 64), 8, 128);
    sizing.fetch_workers_from = "cpus";
    const auto lower_to = [&](std::int64_t most, const char* from) {
        if (most >= sizing.fetch_workers) return;
        sizing.fetch_workers = static_cast<int>(most);
        sizing.fetch_workers_from = from;
    };
    lower_to(sizing.byte_budget / kWorkerMemory, "memory");
    if (limits.rate) lower_to(usable_by_rate(config.source), "source.limits.rate");
    const int asked = limits.concurrency.value_or(limits.ceiling.value_or(0));
    if (asked > sizing.fetch_workers) {
        sizing.fetch_workers = asked;
        sizing.fetch_workers_from =
            limits.concurrency ? "source.limits.concurrency" : "source.limits.ceiling";
    }
}

void size_in_flight(const config::Config& config, Sizing& sizing) {
    const config::Limits& limits = config.source.limits;
    const auto within_workers = [&](int wanted, const char* key) {
        if (wanted <= sizing.fetch_workers) return wanted;
        sizing.warnings.push_back(std::string(key) + " " + std::to_string(wanted) +
                                  " cannot be reached with run.workers " +
                                  std::to_string(sizing.fetch_workers));
        return sizing.fetch_workers;
    };
    if (limits.concurrency) {
        sizing.in_flight_fixed = true;
        sizing.in_flight_ceiling = within_workers(*limits.concurrency, "source.limits.concurrency");
        sizing.in_flight_start = sizing.in_flight_ceiling;
        return;
    }
    sizing.in_flight_ceiling =
        limits.ceiling ? within_workers(*limits.ceiling, "source.limits.ceiling") : sizing.fetch_workers;
    sizing.in_flight_start = std::min(8, sizing.in_flight_ceiling);
}

}  // namespace

Sizing plan_workers(const MachineLimits& limits, const config::Config& config, int share) {
    Sizing sizing;
    size_cpus(limits, sizing);
    size_memory(limits, sizing);
    take_share(share, sizing);
    size_workers(config, sizing);
    size_in_flight(config, sizing);
    sizing.writers = config.run.writers.value_or(std::clamp(round_up(sizing.cpus), 1, 4));
    sizing.http_threads = std::clamp(round_up(sizing.cpus), 2, 8);
    sizing.job_queue = 2 * sizing.fetch_workers;
    sizing.first_request = kFirstRequest;
    sizing.batch_bytes = std::clamp(sizing.byte_budget / (sizing.writers + 1), kFirstRequest, 4 * kMiB);
    if (kFixedMemory + sizing.byte_budget + config.source.limits.body_bytes > sizing.memory) {
        sizing.warnings.push_back("a single response of source.limits.body (" +
                                  std::to_string(config.source.limits.body_bytes) +
                                  " bytes) may not fit into the memory limit of " +
                                  std::to_string(sizing.memory) + " bytes (" + sizing.memory_from + ")");
    }
    return sizing;
}

std::vector<std::pair<std::string, std::string>> Sizing::facts(const MachineLimits& limits) const {
    return {{"cgroup", limits.cgroup},
            {"cpu_quota", limits.cpu_quota ? decimal(*limits.cpu_quota) : "none"},
            {"affinity_cpus", std::to_string(limits.affinity_cpus)},
            {"host_cpus", std::to_string(limits.host_cpus)},
            {"memory_limit", limits.memory ? std::to_string(*limits.memory) : "none"},
            {"mem_total", std::to_string(limits.mem_total)},
            {"cpus", decimal(cpus)},
            {"cpus_from", cpus_from},
            {"memory", std::to_string(memory)},
            {"memory_from", memory_from},
            {"fetch_workers", std::to_string(fetch_workers)},
            {"fetch_workers_from", fetch_workers_from},
            {"writers", std::to_string(writers)},
            {"http_threads", std::to_string(http_threads)},
            {"in_flight_start", std::to_string(in_flight_start)},
            {"in_flight_ceiling", std::to_string(in_flight_ceiling)},
            {"in_flight_mode", in_flight_fixed ? "fixed" : "adaptive"},
            {"job_queue", std::to_string(job_queue)},
            {"byte_budget", std::to_string(byte_budget)},
            {"batch_bytes", std::to_string(batch_bytes)}};
}

std::vector<std::pair<std::string, double>> Sizing::numbers(const MachineLimits& limits) const {
    std::vector<std::pair<std::string, double>> all = {
        {"affinity_cpus", limits.affinity_cpus},
        {"host_cpus", limits.host_cpus},
        {"mem_total_bytes", static_cast<double>(limits.mem_total)},
        {"cpus", cpus},
        {"memory_bytes", static_cast<double>(memory)},
        {"fetch_workers", fetch_workers},
        {"writers", writers},
        {"http_threads", http_threads},
        {"in_flight_ceiling", in_flight_ceiling},
        {"job_queue", job_queue},
        {"byte_budget_bytes", static_cast<double>(byte_budget)},
        {"batch_bytes", static_cast<double>(batch_bytes)}};
    if (limits.cpu_quota) all.emplace_back("cpu_quota", *limits.cpu_quota);
    if (limits.memory) all.emplace_back("memory_limit_bytes", static_cast<double>(*limits.memory));
    return all;
}

}  // namespace pagehaul::machine
