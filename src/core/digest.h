#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pagehaul {

enum class DigestKind { md5, sha1, sha256, sha512 };

/// The digest's bytes.
std::string digest_of(DigestKind kind, std::string_view bytes);
/// RFC 2104: the code's bytes.
std::string hmac(DigestKind kind, std::string_view key, std::string_view text);
/// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// XXH3, 64 bits, as the signed integer that Postgres' bigint holds. Stable across versions and machines.
std::int64_t hash64(std::string_view bytes);

}  // namespace pagehaul
