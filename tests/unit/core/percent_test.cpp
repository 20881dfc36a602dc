#include "core/percent.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(PercentDecode, UndoesEscapesAndLeavesTheRest) {
    EXPECT_EQ(percent_decode("p%40s%2fs%2F+%25"), "p@s/s/+%");
    EXPECT_EQ(percent_decode("plain"), "plain");
    EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, RefusesWhatIsNoEscape) {
    for (const char* text : {"%", "50%", "%4", "a%4", "%zz", "%4g", "%00"})
        EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace pagehaul
