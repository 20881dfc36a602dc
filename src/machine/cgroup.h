#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::machine {

/// What the machine allows this process, read once at start. An absent value means "no limit found", never
/// "we did not look"; `*_from` names the file or call that decided, for the log.
struct MachineLimits {
    std::optional<double> cpu_quota;  ///< CPUs, a fraction kept; the tightest of leaf and ancestors
    std::string cpu_quota_from;
    int affinity_cpus = 0;  ///< CPUs we may be scheduled on (covers cpuset); 0: could not be read
    int host_cpus = 0;      ///< CPUs online; 0: unknown. Only tells whether the affinity is a limit
    std::optional<std::int64_t> memory;  ///< bytes: cgroup and RLIMIT_AS, when below MemTotal
    std::string memory_from;
    std::int64_t mem_total = 0;  ///< bytes of the host; 0: unknown
    std::string cgroup;          ///< "v1", "v2", "hybrid" or "none"
};

/// The seam to the kernel; tests give a fixture tree and their own answers.
struct MachineProbe {
    std::filesystem::path root = "/";
    /// statfs(path).f_type is CGROUP2_SUPER_MAGIC; `path` lies below `root`.
    std::function<bool(const std::filesystem::path&)> is_cgroup2;
    std::function<int()> affinity_cpus;
    std::function<std::optional<std::int64_t>()> address_space_limit;
};

/// The real machine.
MachineProbe system_probe();

/// Never fails: what is missing, unreadable or malformed is no limit.
MachineLimits read_limits(const MachineProbe& probe);

/// `\040` and its like, as /proc/self/mountinfo writes blanks, tabs, newlines and backslashes.
std::string decode_mount_path(std::string_view text);

/// The size in CPUs of the mask that `get` fills (as sched_getaffinity: 0, or an errno). The set grows while
/// `get` says EINVAL: hosts of more than 1024 CPUs. 0 when it cannot be read.
int count_affinity(const std::function<int(std::size_t bytes, void* mask)>& get);

}  // namespace pagehaul::machine
