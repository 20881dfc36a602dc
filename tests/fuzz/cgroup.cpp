// The kernel's files about limits: each part begins with a line "== PATH". Whatever they hold, no limit is
// made up that no process could live in, and the sizes that follow are sound.

#include "machine/cgroup.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "machine/sizing.h"
#include "property.h"

using namespace pagehaul;
using fuzz::must;

namespace {

namespace fs = std::filesystem;

/// A folder in memory for the files of one input.
class Tree {
  public:
    Tree() {
        std::string pattern =
            fs::is_directory("/dev/shm") ? "/dev/shm/pagehaul-cgroup-XXXXXX" : "/tmp/pagehaul-cgroup-XXXXXX";
        const char* const made = ::mkdtemp(pattern.data());
        must(made != nullptr, "there is room for a folder");
        root_ = made;
    }
    ~Tree() {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    const fs::path& root() const { return root_; }
    void write(std::string_view name, std::string_view text) const {
        const fs::path relative = fs::path(name).relative_path().lexically_normal();
        if (relative.empty() || *relative.begin() == ".." || name.size() > 200 || name.ends_with('/')) return;
        if (name.find('\0') != std::string_view::npos) return;
        std::error_code failed;
        fs::create_directories((root_ / relative).parent_path(), failed);
        if (!failed) std::ofstream(root_ / relative, std::ios::binary) << text;
    }

  private:
    fs::path root_;
};

void write_files(const Tree& tree, std::string_view input) {
    fuzz::Parts parts(input);
    std::string name, text;
    for (int files = 0; files < 12;) {
        const bool done = parts.done();
        const std::string_view line = parts.line();
        if (done || line.starts_with("== ")) {
            if (!name.empty()) tree.write(name, text), ++files;
            if (done) return;
            name = line.substr(3);
            text.clear();
        } else {
            text.append(line) += '\n';
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Tree tree;
    write_files(tree, fuzz::text_of(data, size));
    for (const bool pure_v2 : {true, false}) {
        const machine::MachineLimits limits =
            machine::read_limits({.root = tree.root(),
                                  .is_cgroup2 = [&](const fs::path&) { return pure_v2; },
                                  .affinity_cpus = [] { return 4; },
                                  .address_space_limit = [] { return std::optional<std::int64_t>{}; }});
        must(limits.mem_total >= 0 && limits.host_cpus >= 0, "a machine has no less than nothing");
        must(!limits.memory || *limits.memory > 0, "a memory limit is above 0");
        must(!limits.memory || limits.mem_total == 0 || *limits.memory < limits.mem_total,
             "and below the machine's");
        must(!limits.cpu_quota || (*limits.cpu_quota > 0 && std::isfinite(*limits.cpu_quota)),
             "a quota is above 0");
        must(limits.memory.has_value() == !limits.memory_from.empty(), "who limits the memory is told");
        must(limits.cpu_quota.has_value() == !limits.cpu_quota_from.empty(), "who limits the CPU is told");

        const machine::Sizing sizing = machine::plan_workers(limits, config::Config{});
        must(sizing.cpus > 0 && sizing.memory > 0, "sizes are above 0");
        must(sizing.fetch_workers >= 1 && sizing.writers >= 1 && sizing.http_threads >= 1, "somebody works");
        must(sizing.fetch_workers <= 4096 && sizing.writers <= 4096, "not too many do");
        must(sizing.in_flight_start >= 1 && sizing.in_flight_start <= sizing.in_flight_ceiling,
             "something is in flight");
        must(sizing.byte_budget >= (4LL << 20) && sizing.byte_budget <= (64LL << 20),
             "the byte budget is bounded");
        must(!sizing.facts(limits).empty() && !sizing.numbers(limits).empty(), "the log is told");
    }
    const std::string path = machine::decode_mount_path(fuzz::text_of(data, size));
    must(path.size() <= size, "decoding makes nothing longer");
    return 0;
}
