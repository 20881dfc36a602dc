#include "core/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul {
namespace {

using ::testing::ElementsAre;

TEST(Split, GivesWhatStandsBetween) {
    EXPECT_THAT(split("a,b c,d", ','), ElementsAre("a", "b c", "d"));
    EXPECT_THAT(split("a", ','), ElementsAre("a"));
}

TEST(Split, KeepsWhatIsEmpty) {
    EXPECT_THAT(split(",a,,b,", ','), ElementsAre("", "a", "", "b", ""));
    EXPECT_THAT(split("", ','), ElementsAre(""));
}

}  // namespace
}  // namespace pagehaul
