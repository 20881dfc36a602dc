#include "core/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace pagehaul {
namespace {

TEST(Numbers, AreGroupedByThousands) {
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(999), "999");
    EXPECT_EQ(number_text(1'000), "1,000");
    EXPECT_EQ(number_text(-1'234'567), "-1,234,567");
    EXPECT_EQ(number_text(-999), "-999");
    EXPECT_EQ(number_text(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

}  // namespace
}  // namespace pagehaul
