#include "core/digest.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Sha256, MatchesThePublishedVector) {
    // FIPS 180-2, appendix B.1.
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash64, IsStableAcrossBuilds) {
    // XXH3_64bits of the empty string, from xxHash's own documentation of its sanity checks.
    EXPECT_EQ(static_cast<std::uint64_t>(hash64("")), 0x2D06800538D394C2ULL);
    EXPECT_NE(hash64("a"), hash64("b"));
}

}  // namespace
}  // namespace pagehaul
