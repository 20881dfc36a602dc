#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pagehaul::ledger {

/// Key hashes as `page_keys` keeps them: eight bytes each, the highest first.
std::string pack_keys(const std::vector<std::int64_t>& hashes);

/// One of them; also any bigint in PostgreSQL's binary format.
std::int64_t unpack_key(std::string_view eight_bytes);

/// Takes packed keys of a group; false: hand over no more.
using TakeKeys = std::function<bool(std::int64_t group, std::string_view packed)>;
/// Hands over all keys, in any pieces and any order, the same ones at each call.
using ReadKeys = std::function<void(const TakeKeys& take)>;

/// The memory that a count takes. What does not fit is counted in parts, each of which reads everything.
struct KeyMemory {
    std::size_t filter_bytes = std::size_t{16} << 20U;  ///< a power of two
    std::size_t suspects = 64 * 1024;
};

/// How many different keys each group has that has any. Exact but for keys of one hash.
/// @param about how many keys there are: wrong by much it costs time, never the result
std::unordered_map<std::int64_t, std::int64_t> count_distinct(std::int64_t about, const ReadKeys& read,
                                                              const KeyMemory& memory = {});

}  // namespace pagehaul::ledger
