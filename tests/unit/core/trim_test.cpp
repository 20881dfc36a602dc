#include "core/trim.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Trimmed, LeavesWhatIsBetween) {
    EXPECT_EQ(trimmed("  a b "), "a b");
    EXPECT_EQ(trimmed("a"), "a");
    EXPECT_EQ(trimmed("\ta \r\n", " \t\r\n"), "a");
}

TEST(Trimmed, KnowsOnlyTheBlanksItIsTold) {
    EXPECT_EQ(trimmed("\ta "), "\ta");
}

TEST(Trimmed, LeavesNothingOfBlanks) {
    EXPECT_EQ(trimmed(""), "");
    EXPECT_EQ(trimmed("   "), "");
}

}  // namespace
}  // namespace pagehaul
