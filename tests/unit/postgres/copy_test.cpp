#include "postgres/copy.h"

#include <gtest/gtest.h>

namespace pagehaul::postgres {
namespace {

TEST(NextChunkTest, ABlockWithinTheLimitIsSentWhole) {
    EXPECT_EQ(next_chunk("a\nb\n", 4), "a\nb\n");
}

TEST(NextChunkTest, ALongBlockIsCutAfterTheLastLineThatFits) {
    EXPECT_EQ(next_chunk("aa\nbb\ncc\n", 6), "aa\nbb\n");
    EXPECT_EQ(next_chunk("aa\nbb\ncc\n", 5), "aa\n");
}

TEST(NextChunkTest, ALineLongerThanTheLimitGoesAlone) {
    EXPECT_EQ(next_chunk("aaaaaaaa\nb\n", 4), "aaaaaaaa\n");
    EXPECT_EQ(next_chunk("aaaaaaaa\n", 4), "aaaaaaaa\n");
    EXPECT_EQ(next_chunk("aaaa\nb\n", 4), "aaaa\n");
}

}  // namespace
}  // namespace pagehaul::postgres
