#include "core/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <stdexcept>

namespace pagehaul {

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("SHA-256 is not available from OpenSSL");
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2UL * size);
    for (unsigned int i = 0; i < size; ++i) {
        hex += digits[digest[i] >> 4U];
        hex += digits[digest[i] & 15U];
    }
    return hex;
}

std::int64_t hash64(std::string_view bytes) {
    return std::bit_cast<std::int64_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace pagehaul
