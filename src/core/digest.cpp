#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <stdexcept>

namespace pagehaul {
namespace {

using Bytes = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const EVP_MD* algorithm(DigestKind kind) {
    switch (kind) {
        case DigestKind::md5:
            return EVP_md5();
        case DigestKind::sha1:
            return EVP_sha1();
        case DigestKind::sha256:
            return EVP_sha256();
        case DigestKind::sha512:
            return EVP_sha512();
    }
    throw std::logic_error("a digest of no kind");
}

}  // namespace

std::string digest_of(DigestKind kind, std::string_view bytes) {
    Bytes digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm(kind), nullptr) != 1)
        throw std::runtime_error("a digest is not available from OpenSSL");
    return {digest.begin(), digest.begin() + size};
}

std::string hmac(DigestKind kind, std::string_view key, std::string_view text) {
    Bytes code{};
    unsigned int size = 0;
    // Without a key OpenSSL wants a pointer all the same.
    if (HMAC(algorithm(kind), key.empty() ? "" : key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), code.data(), &size) == nullptr)
        throw std::runtime_error("an HMAC is not available from OpenSSL");
    return {code.begin(), code.begin() + size};
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += digits[byte >> 4U];
        hex += digits[byte & 15U];
    }
    return hex;
}

std::string sha256_hex(std::string_view bytes) {
    return to_hex(digest_of(DigestKind::sha256, bytes));
}

std::int64_t hash64(std::string_view bytes) {
    return std::bit_cast<std::int64_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace pagehaul
