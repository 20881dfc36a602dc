#include "ledger/key_count.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

// Sorting 10^7 keys takes the server 4 s and a temporary file; reading them out takes it a tenth of that. So
// they are read, and a Bloom filter says of each whether it may have come before: few do, and a second
// reading counts those alone. The filter's bits for one key lie in one cache line (a blocked Bloom filter,
// Putze, Sanders and Singler 2007).

namespace pagehaul::ledger {
namespace {

constexpr std::size_t key_bytes = 8;
constexpr int bits_per_key = 12;
constexpr int probes = 6;

using Counts = std::unordered_map<std::int64_t, std::int64_t>;

/// The finalizer of MurmurHash3: equal inputs only give equal outputs.
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ value >> 33U) * 0xff51afd7ed558ccdULL;
    value = (value ^ value >> 33U) * 0xc4ceb9fe1a85ec53ULL;
    return value ^ value >> 33U;
}

class Filter {
  public:
    explicit Filter(std::size_t bytes) : lines_(std::max<std::size_t>(1, bytes / sizeof(Line))) {}

    /// @return whether it may have been added before
    bool add(std::uint64_t key) {
        std::uint64_t rest = mix(key);
        Line& line = lines_[rest & (lines_.size() - 1)];
        rest = mix(rest);
        bool known = true;
        for (int i = 0; i < probes; ++i, rest >>= 9U) {
            std::uint64_t& word = line.words[rest >> 6U & 7U];
            const std::uint64_t bit = std::uint64_t{1} << (rest & 63U);
            known = known && (word & bit) != 0;
            word |= bit;
        }
        return known;
    }

  private:
    struct alignas(64) Line {
        std::uint64_t words[8] = {};
    };
    std::vector<Line> lines_;
};

/// The keys whose first `depth` bits are `prefix`.
struct Part {
    int depth = 0;
    std::uint64_t prefix = 0;

    bool has(std::uint64_t key) const { return depth == 0 || key >> (64 - depth) == prefix; }
};

/// Calls `each` with the group of every key of `part`, and with the key made to differ from other groups'
/// ones; until it returns false.
template <class Each>
void read_part(const ReadKeys& read, const Part& part, const Each& each) {
    read([&](std::int64_t group, std::string_view packed) {
        if (packed.size() % key_bytes != 0)
            throw Failure(ErrorKind::bug, "ledger.page_keys", "expected whole keys of eight bytes");
        const std::uint64_t salt = group == 0 ? 0 : mix(static_cast<std::uint64_t>(group));
        for (std::size_t at = 0; at < packed.size(); at += key_bytes) {
            const std::uint64_t key =
                static_cast<std::uint64_t>(unpack_key(packed.substr(at, key_bytes))) ^ salt;
            if (part.has(key) && !each(group, key)) return false;
        }
        return true;
    });
}

class Count {
  public:
    Count(const ReadKeys& read, const KeyMemory& memory) : read_(read), memory_(memory) {}

    void add(const Part& part, std::int64_t about) {
        Counts keys;
        Suspects suspects;
        if (!find_suspects(part, about, keys, suspects)) {
            add({.depth = part.depth + 1, .prefix = part.prefix * 2}, about / 2);
            add({.depth = part.depth + 1, .prefix = part.prefix * 2 + 1}, about / 2);
            return;
        }
        if (!suspects.empty()) {
            read_part(read_, part, [&](std::int64_t group, std::uint64_t key) {
                const auto suspect = suspects.find(key);
                if (suspect != suspects.end() && std::exchange(suspect->second, true)) --keys[group];
                return true;
            });
        }
        for (const auto& [group, count] : keys)
            counts_[group] += count;
    }

    Counts take() { return std::move(counts_); }

  private:
    /// With whether the second reading has met it.
    using Suspects = std::unordered_map<std::uint64_t, bool>;

    /// Fills `keys` with how many there are of each group, and `suspects` with all that repeat and few
    /// others.
    /// @return false when there is no room for the part
    bool find_suspects(const Part& part, std::int64_t about, Counts& keys, Suspects& suspects) const {
        const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(about, 1)) * bits_per_key / 8;
        if (wanted > memory_.filter_bytes) return false;
        Filter filter(std::bit_ceil(wanted));
        bool fits = true;
        read_part(read_, part, [&](std::int64_t group, std::uint64_t key) {
            ++keys[group];
            if (filter.add(key)) suspects.emplace(key, false);
            return fits = suspects.size() <= memory_.suspects;
        });
        return fits;
    }

    const ReadKeys& read_;
    const KeyMemory& memory_;
    Counts counts_;
};

}  // namespace

std::int64_t unpack_key(std::string_view eight_bytes) {
    std::uint64_t value = 0;
    for (const char byte : eight_bytes)
        value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

std::string pack_keys(const std::vector<std::int64_t>& hashes) {
    std::string packed;
    packed.reserve(key_bytes * hashes.size());
    for (const std::int64_t hash : hashes)
        for (int shift = 56; shift >= 0; shift -= 8)
            packed += static_cast<char>(static_cast<std::uint64_t>(hash) >> static_cast<unsigned>(shift));
    return packed;
}

Counts count_distinct(std::int64_t about, const ReadKeys& read, const KeyMemory& memory) {
    Count count(read, memory);
    count.add({}, about);
    return count.take();
}

}  // namespace pagehaul::ledger
