#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "machine/cgroup.h"

namespace pagehaul::machine {

/// How big this process is, decided once at start from the machine's limits and the config. Plain data.
///
/// Memory. The whole process must live in a 64 MiB pod, and use at most 48 MiB of 128. About 24 MiB are spent
/// whatever we pull (binary, libraries, connections, stacks); of the rest a sixteenth is the byte budget, the
/// remainder is for what the budget does not see: parsers, allocator fragmentation, libpq's and TLS's
/// buffers.
///     byte_budget = clamp((memory − 24 MiB) / 16, 4 MiB, 64 MiB)      64 MiB → 4, 128 MiB → 6.5, no limit
///     → 31
struct Sizing {
    double cpus = 0;  ///< a fraction is kept
    std::string cpus_from;
    std::int64_t memory = 0;  ///< bytes
    std::string memory_from;
    int fetch_workers = 0;  ///< threads
    std::string fetch_workers_from;
    int writers = 0;            ///< threads, a database connection each
    int http_threads = 0;       ///< of the HTTP library's shared pool
    int in_flight_start = 0;    ///< requests in flight at first
    int in_flight_ceiling = 0;  ///< and at most; equal to the start when limits.concurrency is a number
    bool in_flight_fixed = false;
    int job_queue = 0;               ///< jobs claimed ahead of need
    std::int64_t byte_budget = 0;    ///< bodies, decoded pages and page buffer together
    std::int64_t first_request = 0;  ///< bytes a request reserves before any page was seen
    std::int64_t batch_bytes =
        0;  ///< of one commit: every writer can hold a batch while the next one gathers
    std::vector<std::string> warnings;  ///< settings that contradict each other; to be logged, one line each

    /// Every input and result as key and value, for the one log line.
    std::vector<std::pair<std::string, std::string>> facts(const MachineLimits& limits) const;
    /// The numbers among them, for the gauges.
    std::vector<std::pair<std::string, double>> numbers(const MachineLimits& limits) const;
};

/// Pure. An explicit setting wins over what was read; without a CPU limit 2 CPUs are taken, without a memory
/// limit 512 MiB: never the host's own size. @param share of CPUs and memory, one of so many equal ones.
Sizing plan_workers(const MachineLimits& limits, const config::Config& config, int share = 1);

}  // namespace pagehaul::machine
