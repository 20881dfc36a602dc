#include "machine/cgroup.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace pagehaul::machine {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMebibyte = 1 << 20;

/// A machine in a temporary folder: 64 CPUs and 16 GiB unless a test says otherwise.
class Machine {
  public:
    Machine() {
        std::string pattern = (fs::temp_directory_path() / "pagehaul-cgroup-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
        write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\n");
        write("sys/devices/system/cpu/online", "0-63\n");
    }
    ~Machine() {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void write(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    MachineLimits limits() const {
        return read_limits({.root = root_,
                            .is_cgroup2 = [this](const fs::path&) { return pure_v2; },
                            .affinity_cpus = [this] { return affinity; },
                            .address_space_limit = [this] { return address_space; }});
    }
    std::string file(const std::string& path) const { return root_ / path; }

    bool pure_v2 = false;
    int affinity = 64;
    std::optional<std::int64_t> address_space;

  private:
    fs::path root_;
};

/// Pure v2, the process in /kubepods/pod1/box.
struct V2 : Machine {
    V2() {
        pure_v2 = true;
        write("proc/self/cgroup", "0::/kubepods/pod1/box\n");
        write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
        write("sys/fs/cgroup/kubepods/pod1/box/cgroup.procs", "1\n");
    }
    void leaf(const std::string& name, const std::string& text) const {
        write("sys/fs/cgroup/kubepods/pod1/box/" + name, text);
    }
};

/// v1: cpu and memory in hierarchies of their own, the process in /docker/abc of both.
struct V1 : Machine {
    V1() {
        write("proc/self/cgroup",
              "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
        write("proc/self/mountinfo",
              "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
              "32 30 0:28 / /sys/fs/cgroup/memory rw shared:9 master:2 - cgroup cgroup rw,memory\n");
        cpu("", "-1", "100000");
    }
    void cpu(const std::string& folder, const std::string& quota, const std::string& period) const {
        write("sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_quota_us", quota + "\n");
        write("sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_period_us", period + "\n");
    }
    void memory(const std::string& folder, const std::string& bytes) const {
        write("sys/fs/cgroup/memory" + folder + "/memory.limit_in_bytes", bytes + "\n");
    }
};

TEST(CgroupV2, MaxIsNoLimit) {
    V2 machine;
    machine.leaf("cpu.max", "max 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, std::nullopt);
    EXPECT_EQ(machine.limits().cgroup, "v2");
}

TEST(CgroupV2, AFractionOfACpuIsKept) {
    V2 machine;
    machine.leaf("cpu.max", "50000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
    EXPECT_EQ(machine.limits().cpu_quota_from, machine.file("sys/fs/cgroup/kubepods/pod1/box/cpu.max"));
}

TEST(CgroupV2, AQuotaAloneHasTheKernelsDefaultPeriod) {
    V2 machine;
    machine.leaf("cpu.max", "150000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 1.5);
}

TEST(CgroupV2, MalformedCpuFilesAreSkipped) {
    for (const char* text :
         {"0 0\n", "", "\n", "x 100000\n", "50000 0\n", "50000 -1\n", "-1 100000\n", "1 2 3\n"}) {
        V2 machine;
        machine.leaf("cpu.max", text);
        EXPECT_EQ(machine.limits().cpu_quota, std::nullopt) << text;
    }
}

TEST(CgroupV2, ATighterParentGoverns) {
    V2 machine;
    machine.leaf("cpu.max", "400000 100000\n");
    machine.write("sys/fs/cgroup/kubepods/pod1/cpu.max", "150000 100000\n");
    machine.write("sys/fs/cgroup/kubepods/cpu.max", "max 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 1.5);
    EXPECT_EQ(machine.limits().cpu_quota_from, machine.file("sys/fs/cgroup/kubepods/pod1/cpu.max"));
}

TEST(CgroupV2, ALooserParentDoesNot) {
    V2 machine;
    machine.leaf("cpu.max", "50000 100000\n");
    machine.write("sys/fs/cgroup/kubepods/pod1/cpu.max", "150000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
}

TEST(CgroupV2, MemoryIsTheLowestOfMaxAndHighOfAllAncestors) {
    V2 machine;
    machine.leaf("memory.max", "134217728\n");
    machine.leaf("memory.high", "max\n");
    machine.write("sys/fs/cgroup/kubepods/memory.high", "67108864\n");
    EXPECT_EQ(machine.limits().memory, 64 * kMebibyte);
    EXPECT_EQ(machine.limits().memory_from, machine.file("sys/fs/cgroup/kubepods/memory.high"));
}

TEST(CgroupV2, TheMountPointItselfIsReadToo) {
    V2 machine;
    machine.write("sys/fs/cgroup/cpu.max", "30000 100000\n");
    machine.write("sys/fs/cgroup/memory.max", "67108864\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.3);
    EXPECT_EQ(machine.limits().memory, 64 * kMebibyte);
}

TEST(CgroupV2, InANamespaceThePathIsTheMountPoint) {
    V2 machine;
    machine.write("proc/self/cgroup", "0::/\n");
    machine.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
}

TEST(CgroupV2, APathOutsideTheNamespaceFallsBackToTheMountPoint) {
    V2 machine;
    machine.write("proc/self/cgroup", "0::/../..\n");
    machine.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
    machine.write("cpu.max", "10000 100000\n");  // what "/sys/fs/cgroup/../.." would wrongly read
    machine.write("sys/cpu.max", "10000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
}

TEST(CgroupV2, APathThatDoesNotExistFallsBackToTheMountPoint) {
    V2 machine;
    machine.write("proc/self/cgroup", "0::/seen/only/by/the/host\n");
    machine.write("sys/fs/cgroup/memory.max", "67108864\n");
    EXPECT_EQ(machine.limits().memory, 64 * kMebibyte);
}

TEST(CgroupV2, TheMountsRootIsTakenOffThePath) {
    V2 machine;
    machine.write("proc/self/mountinfo",
                  "30 23 0:26 /kubepods/pod1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    machine.write("sys/fs/cgroup/box/cpu.max", "20000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.2);
}

TEST(CgroupV2, ARootThatOnlyLooksLikeAPrefixIsNot) {
    V2 machine;
    machine.write("proc/self/cgroup", "0::/kube/box\n");
    machine.write("proc/self/mountinfo", "30 23 0:26 /ku /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    machine.write("sys/fs/cgroup/be/box/cpu.max", "20000 100000\n");
    machine.write("sys/fs/cgroup/cpu.max", "70000 100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.7);
}

TEST(CgroupV1, QuotaAndPeriodAreTwoFiles) {
    V1 machine;
    machine.cpu("/docker/abc", "50000", "100000");
    machine.memory("/docker/abc", "67108864");
    const auto limits = machine.limits();
    EXPECT_EQ(limits.cgroup, "v1");
    EXPECT_EQ(limits.cpu_quota, 0.5);
    EXPECT_EQ(limits.memory, 64 * kMebibyte);
}

TEST(CgroupV1, MinusOneIsNoLimit) {
    V1 machine;
    machine.cpu("/docker/abc", "-1", "100000");
    EXPECT_EQ(machine.limits().cpu_quota, std::nullopt);
}

TEST(CgroupV1, HugeMemoryIsNoLimit) {
    for (const char* bytes :
         {"9223372036854771712", "9223372036854775807", "18446744073709551615", "17179869184"}) {
        V1 machine;
        machine.memory("/docker/abc", bytes);
        EXPECT_EQ(machine.limits().memory, std::nullopt) << bytes;
    }
}

TEST(CgroupV1, HugeMemoryIsNoLimitEvenWhereMemTotalIsUnknown) {
    V1 machine;
    machine.write("proc/meminfo", "");
    machine.memory("/docker/abc", "9223372036854771712");
    EXPECT_EQ(machine.limits().memory, std::nullopt);
}

TEST(CgroupV1, AncestorsCount) {
    V1 machine;
    machine.cpu("/docker/abc", "200000", "100000");
    machine.cpu("/docker", "100000", "200000");
    machine.memory("/docker/abc", "134217728");
    machine.memory("", "67108864");
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
    EXPECT_EQ(machine.limits().memory, 64 * kMebibyte);
}

TEST(CgroupV1, ADockerContainersMountRootIsTakenOff) {
    V1 machine;
    machine.write("proc/self/mountinfo",
                  "31 30 0:27 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
    machine.cpu("", "150000", "100000");
    EXPECT_EQ(machine.limits().cpu_quota, 1.5);
}

TEST(CgroupV1, MountPointsMayHoldBlanks) {
    V1 machine;
    machine.write("proc/self/mountinfo",
                  "31 30 0:27 / /sys/fs/my\\040cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    machine.write("sys/fs/my cgroup/cpu/docker/abc/cpu.cfs_quota_us", "25000\n");
    machine.write("sys/fs/my cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(machine.limits().cpu_quota, 0.25);
}

TEST(CgroupHybrid, TheV1ControllerGovernsAndAMissingOneIsReadFromV2) {
    V1 machine;
    machine.write("proc/self/cgroup", "3:cpu,cpuacct:/docker/abc\n0::/docker/abc\n");
    machine.write("proc/self/mountinfo",
                  "30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                  "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
    machine.cpu("/docker/abc", "50000", "100000");
    machine.write("sys/fs/cgroup/unified/docker/abc/cpu.max", "10000 100000\n");
    machine.write("sys/fs/cgroup/unified/docker/abc/memory.max", "67108864\n");
    const auto limits = machine.limits();
    EXPECT_EQ(limits.cgroup, "hybrid");
    EXPECT_EQ(limits.cpu_quota, 0.5);
    EXPECT_EQ(limits.memory, 64 * kMebibyte);
}

TEST(Machine, WithoutAnyFileThereIsNoLimit) {
    Machine machine;
    const auto limits = machine.limits();
    EXPECT_EQ(limits.cgroup, "none");
    EXPECT_EQ(limits.cpu_quota, std::nullopt);
    EXPECT_EQ(limits.memory, std::nullopt);
    EXPECT_EQ(limits.host_cpus, 64);
    EXPECT_EQ(limits.mem_total, 16384 * kMebibyte);
}

TEST(Machine, WhatCannotBeReadIsNoLimit) {
    V2 machine;
    machine.write("sys/fs/cgroup/kubepods/pod1/box/memory.max/a", "a folder where a file is wanted");
    machine.leaf("cpu.max", "50000 100000\n");
    EXPECT_EQ(machine.limits().memory, std::nullopt);
    EXPECT_EQ(machine.limits().cpu_quota, 0.5);
}

TEST(Machine, AMemoryThatNoMachineHasIsUnknown) {
    for (const char* const told : {"-1", "9223372036854775807", "99999999999999999999", "x", "0"}) {
        Machine machine;
        machine.write("proc/meminfo", "MemTotal: " + std::string(told) + " kB\n");
        EXPECT_EQ(machine.limits().mem_total, 0) << told;
    }
}

TEST(Machine, TheAddressSpaceLimitCounts) {
    V2 machine;
    machine.leaf("memory.max", "268435456\n");
    machine.address_space = 128 * kMebibyte;
    EXPECT_EQ(machine.limits().memory, 128 * kMebibyte);
    EXPECT_EQ(machine.limits().memory_from, "RLIMIT_AS");
    machine.address_space = 512 * kMebibyte;
    EXPECT_EQ(machine.limits().memory, 256 * kMebibyte);
}

TEST(Machine, OnlineCpusMayHaveHoles) {
    Machine machine;
    machine.write("sys/devices/system/cpu/online", "0-3,8,10-11\n");
    EXPECT_EQ(machine.limits().host_cpus, 7);
}

TEST(MountPath, OctalEscapesAreDecoded) {
    EXPECT_EQ(decode_mount_path("/a\\040b\\011c\\012d\\134e"), "/a b\tc\nd\\e");
    EXPECT_EQ(decode_mount_path("/a\\04"), "/a\\04");
    EXPECT_EQ(decode_mount_path("/a\\9xx"), "/a\\9xx");
}

TEST(Affinity, TheSetGrowsWhileTheKernelSaysItIsTooSmall) {
    std::vector<std::size_t> tried;
    const int cpus = count_affinity([&](std::size_t bytes, void* mask) {
        tried.push_back(bytes);
        if (bytes < 512) return EINVAL;
        static_cast<unsigned char*>(mask)[400] = 0b1011;
        return 0;
    });
    EXPECT_EQ(cpus, 3);
    EXPECT_EQ(tried, (std::vector<std::size_t>{128, 256, 512}));
}

TEST(Affinity, AnythingButTooSmallIsUnknown) {
    EXPECT_EQ(count_affinity([](std::size_t, void*) { return EPERM; }), 0);
    EXPECT_EQ(count_affinity([](std::size_t, void*) { return EINVAL; }), 0);
}

TEST(RealMachine, CanBeReadAndIsPlausible) {
    const auto limits = read_limits(system_probe());
    EXPECT_GT(limits.affinity_cpus, 0);
    EXPECT_GT(limits.mem_total, 0);
    EXPECT_GT(limits.cpu_quota.value_or(1), 0);
    EXPECT_LT(limits.memory.value_or(1), limits.mem_total);
}

}  // namespace
}  // namespace pagehaul::machine
