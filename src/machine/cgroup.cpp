#include "machine/cgroup.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

namespace pagehaul::machine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMountPoint = "/sys/fs/cgroup";
/// What v1 writes for "no limit": LONG_MAX rounded down to a page.
constexpr std::int64_t kNoMemoryLimit = std::numeric_limits<std::int64_t>::max() / 4096 * 4096;

std::optional<std::string> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    // As a stream: a folder, or a cgroup that is gone by now, fails the read, which the buffer alone would
    // throw.
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    std::istringstream stream{std::string(text)};
    for (std::string part; std::getline(stream, part, by);)
        parts.push_back(part);
    return parts;
}

std::vector<std::string> words(std::string_view text) {
    std::istringstream stream{std::string(text)};
    return {std::istream_iterator<std::string>(stream), {}};
}

bool has_word(std::string_view list, std::string_view word) {
    for (const std::string& one : split(list, ',')) {
        if (one == word) return true;
    }
    return false;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range && !text.starts_with('-')) {
        return std::numeric_limits<std::int64_t>::max();
    }
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> only_number(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    const auto parts = words(*text);
    return parts.size() == 1 ? number(parts[0]) : std::nullopt;
}

struct Mount {
    std::string root;
    std::string point;
    std::string type;
    std::string options;
};

/// "36 35 98:0 ROOT POINT rw,noatime master:1 - TYPE SOURCE OPTIONS", any number of fields before the dash.
std::vector<Mount> read_mounts(const fs::path& root) {
    std::vector<Mount> mounts;
    for (const std::string& line : split(read_file(root / "proc/self/mountinfo").value_or(""), '\n')) {
        const auto dash = line.find(" - ");
        if (dash == std::string::npos) continue;
        const auto before = words(line.substr(0, dash));
        const auto after = words(line.substr(dash + 3));
        if (before.size() < 5 || after.empty()) continue;
        mounts.push_back({.root = decode_mount_path(before[3]),
                          .point = decode_mount_path(before[4]),
                          .type = after[0],
                          .options = after.size() > 2 ? after[2] : ""});
    }
    return mounts;
}

struct Entry {
    std::string hierarchy;
    std::string controllers;
    std::string path;  ///< may hold colons
};

std::vector<Entry> read_entries(const fs::path& root) {
    std::vector<Entry> entries;
    for (const std::string& line : split(read_file(root / "proc/self/cgroup").value_or(""), '\n')) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        entries.push_back(
            {line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
    }
    return entries;
}

/// The entry's path below the mount, "" for the mount point itself; nothing when the mount does not show it.
std::optional<std::string> below_mount(const std::string& path, const std::string& mount_root) {
    for (const std::string& part : split(path, '/')) {
        if (part == "..") return std::nullopt;
    }
    if (mount_root == "/") return path == "/" ? "" : path;
    if (path == mount_root) return "";
    if (path.starts_with(mount_root + "/")) return path.substr(mount_root.size());
    return std::nullopt;
}

/// Folders from our own cgroup up to the mount point, as seen below `root`.
std::vector<fs::path> levels(const fs::path& root, const Mount& mount, const std::string& path) {
    const fs::path point = root / fs::path(mount.point).relative_path();
    fs::path leaf = point;
    if (const auto rest = below_mount(path, mount.root); rest && !rest->empty()) {
        const fs::path candidate = point / fs::path(*rest).relative_path();
        std::error_code ignored;
        if (fs::is_directory(candidate, ignored)) leaf = candidate;
    }
    std::vector<fs::path> found;
    for (fs::path at = leaf; at != point && at.has_relative_path(); at = at.parent_path())
        found.push_back(at);
    found.push_back(point);
    return found;
}

/// Where one controller's files are.
struct Place {
    bool v2 = false;
    std::vector<fs::path> levels;
};

std::optional<Place> find_controller(const MachineProbe& probe, bool pure_v2,
                                     const std::vector<Mount>& mounts, const std::vector<Entry>& entries,
                                     std::string_view controller) {
    if (!pure_v2) {
        for (const Mount& mount : mounts) {
            if (mount.type != "cgroup" || !has_word(mount.options, controller)) continue;
            for (const Entry& entry : entries) {
                if (!has_word(entry.controllers, controller)) continue;
                return Place{.v2 = false, .levels = levels(probe.root, mount, entry.path)};
            }
            return Place{.v2 = false, .levels = levels(probe.root, mount, "/")};
        }
    }
    std::string path = "/";
    for (const Entry& entry : entries) {
        if (entry.hierarchy == "0" && entry.controllers.empty()) path = entry.path;
    }
    for (const Mount& mount : mounts) {
        if (mount.type != "cgroup2" || (pure_v2 && mount.point != kMountPoint)) continue;
        return Place{.v2 = true, .levels = levels(probe.root, mount, path)};
    }
    if (!pure_v2) return std::nullopt;
    const Mount usual{.root = "/", .point = std::string(kMountPoint), .type = "cgroup2", .options = ""};
    return Place{.v2 = true, .levels = levels(probe.root, usual, path)};
}

/// v2 `cpu.max`: "QUOTA PERIOD" or "max PERIOD"; a quota alone has the kernel's default period.
std::optional<double> quota_v2(const fs::path& folder) {
    const auto text = read_file(folder / "cpu.max");
    if (!text) return std::nullopt;
    const auto parts = words(*text);
    if (parts.empty() || parts.size() > 2) return std::nullopt;
    const auto quota = number(parts[0]);
    const auto period = parts.size() == 2 ? number(parts[1]) : std::optional<std::int64_t>(100'000);
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> quota_v1(const fs::path& folder) {
    const auto quota = only_number(read_file(folder / "cpu.cfs_quota_us"));
    const auto period = only_number(read_file(folder / "cpu.cfs_period_us"));
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

void read_cpu(const Place& place, MachineLimits& limits) {
    for (const fs::path& folder : place.levels) {
        const auto quota = place.v2 ? quota_v2(folder) : quota_v1(folder);
        if (!quota || (limits.cpu_quota && *limits.cpu_quota <= *quota)) continue;
        limits.cpu_quota = quota;
        limits.cpu_quota_from = folder / (place.v2 ? "cpu.max" : "cpu.cfs_quota_us");
    }
}

void take_memory(std::optional<std::int64_t> bytes, const std::string& from, MachineLimits& limits) {
    if (!bytes || *bytes <= 0 || *bytes >= kNoMemoryLimit) return;
    if (limits.mem_total > 0 && *bytes >= limits.mem_total) return;
    if (limits.memory && *limits.memory <= *bytes) return;
    limits.memory = bytes;
    limits.memory_from = from;
}

void read_memory(const Place& place, MachineLimits& limits) {
    for (const fs::path& folder : place.levels) {
        if (place.v2) {
            for (const char* name : {"memory.max", "memory.high"}) {
                take_memory(only_number(read_file(folder / name)), folder / name, limits);
            }
        } else {
            const fs::path file = folder / "memory.limit_in_bytes";
            take_memory(only_number(read_file(file)), file, limits);
        }
    }
}

std::int64_t read_mem_total(const fs::path& root) {
    for (const std::string& line : split(read_file(root / "proc/meminfo").value_or(""), '\n')) {
        const auto parts = words(line);
        if (parts.size() < 2 || parts[0] != "MemTotal:") continue;
        const std::int64_t kib = number(parts[1]).value_or(0);
        return kib > 0 && kib <= std::numeric_limits<std::int64_t>::max() / 1024 ? kib * 1024 : 0;
    }
    return 0;
}

/// "0-3,8" → 5.
int read_host_cpus(const fs::path& root) {
    std::int64_t count = 0;
    const auto text = words(read_file(root / "sys/devices/system/cpu/online").value_or(""));
    if (text.size() != 1) return 0;
    for (const std::string& range : split(text[0], ',')) {
        const auto dash = range.find('-');
        const auto first = number(range.substr(0, dash));
        const auto last = dash == std::string::npos ? first : number(range.substr(dash + 1));
        if (!first || !last || *last < *first || *last > 1'000'000) return 0;
        count += *last - *first + 1;
    }
    return static_cast<int>(count);
}

}  // namespace

std::string decode_mount_path(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string path;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
            octal(text[i + 3])) {
            path +=
                static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            path += text[i];
        }
    }
    return path;
}

int count_affinity(const std::function<int(std::size_t bytes, void* mask)>& get) {
    for (std::size_t bytes = 128; bytes <= (1U << 20U); bytes *= 2) {
        std::vector<unsigned char> mask(bytes);
        const int error = get(bytes, mask.data());
        if (error == EINVAL) continue;
        if (error != 0) return 0;
        int count = 0;
        for (const unsigned char byte : mask)
            count += std::popcount(byte);
        return count;
    }
    return 0;
}

MachineLimits read_limits(const MachineProbe& probe) {
    MachineLimits limits;
    limits.affinity_cpus = probe.affinity_cpus();
    limits.host_cpus = read_host_cpus(probe.root);
    limits.mem_total = read_mem_total(probe.root);

    const bool pure_v2 = probe.is_cgroup2(probe.root / fs::path(kMountPoint).relative_path());
    const auto mounts = read_mounts(probe.root);
    const auto entries = read_entries(probe.root);
    const auto cpu = find_controller(probe, pure_v2, mounts, entries, "cpu");
    const auto memory = find_controller(probe, pure_v2, mounts, entries, "memory");
    if (cpu) read_cpu(*cpu, limits);
    if (memory) read_memory(*memory, limits);
    take_memory(probe.address_space_limit(), "RLIMIT_AS", limits);

    bool has_v1 = false;
    bool has_v2 = pure_v2;
    for (const Mount& mount : mounts) {
        has_v1 = has_v1 || mount.type == "cgroup";
        has_v2 = has_v2 || mount.type == "cgroup2";
    }
    limits.cgroup = has_v1 && has_v2 ? "hybrid" : has_v1 ? "v1" : has_v2 ? "v2" : "none";
    return limits;
}

MachineProbe system_probe() {
    return {.root = "/",
            .is_cgroup2 =
                [](const fs::path& path) {
                    struct statfs info {};
                    return ::statfs(path.c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
                },
            .affinity_cpus =
                [] {
                    return count_affinity([](std::size_t bytes, void* mask) {
                        return ::sched_getaffinity(0, bytes, static_cast<cpu_set_t*>(mask)) == 0 ? 0 : errno;
                    });
                },
            .address_space_limit = []() -> std::optional<std::int64_t> {
                struct rlimit limit {};
                if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
                    return std::nullopt;
                constexpr auto most = static_cast<rlim_t>(std::numeric_limits<std::int64_t>::max());
                return static_cast<std::int64_t>(limit.rlim_cur > most ? most : limit.rlim_cur);
            }};
}

}  // namespace pagehaul::machine
