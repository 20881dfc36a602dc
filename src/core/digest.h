#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pagehaul {

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// XXH3, 64 bits, as the signed integer that Postgres' bigint holds. Stable across versions and machines.
std::int64_t hash64(std::string_view bytes);

}  // namespace pagehaul
