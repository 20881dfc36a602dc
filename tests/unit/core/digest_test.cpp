#include "core/digest.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Sha256, MatchesThePublishedVector) {
    // FIPS 180-2, appendix B.1.
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, MatchesThePublishedVectors) {
    // RFC 1321, A.5; FIPS 180-2, A.1, B.1 and C.1.
    const auto of = [](DigestKind kind) { return to_hex(digest_of(kind, "abc")); };
    EXPECT_EQ(of(DigestKind::md5), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(of(DigestKind::sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(of(DigestKind::sha256), sha256_hex("abc"));
    EXPECT_EQ(of(DigestKind::sha512),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hmac, MatchesThePublishedVectors) {
    // RFC 2202, 2 and 3; RFC 4231, 4.3: the key "Jefe".
    const auto of = [](DigestKind kind) {
        return to_hex(hmac(kind, "Jefe", "what do ya want for nothing?"));
    };
    EXPECT_EQ(of(DigestKind::md5), "750c783e6ab0b503eaa86e310a5db738");
    EXPECT_EQ(of(DigestKind::sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(of(DigestKind::sha256), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(of(DigestKind::sha512),
              "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
              "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    EXPECT_EQ(hmac(DigestKind::sha1, "", "a").size(), 20U);
}

TEST(Hash64, IsStableAcrossBuilds) {
    // XXH3_64bits of the empty string, from xxHash's own documentation of its sanity checks.
    EXPECT_EQ(static_cast<std::uint64_t>(hash64("")), 0x2D06800538D394C2ULL);
    EXPECT_NE(hash64("a"), hash64("b"));
}

}  // namespace
}  // namespace pagehaul
