#include "core/join.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Join, SeparatorsStandBetweenTheParts) {
    EXPECT_EQ(join({}, ", "), "");
    EXPECT_EQ(join({"a"}, ", "), "a");
    EXPECT_EQ(join({"a", "", "b{}"}, ", "), "a, , b{}");
}

TEST(Join, PartsCanBeMadeFromElements) {
    EXPECT_EQ(join(std::vector<int>{1, 2, 3}, " AND ", [](int n) { return std::to_string(n * n); }),
              "1 AND 4 AND 9");
}

}  // namespace
}  // namespace pagehaul
