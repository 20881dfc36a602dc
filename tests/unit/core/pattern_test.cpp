#include "core/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Pattern, IsFoundAnywhereInAText) {
    const auto pattern = Pattern::compile("rate .*limit|^slow$");
    ASSERT_TRUE(pattern);
    EXPECT_TRUE(pattern->found_in("your rate is over the limit"));
    EXPECT_TRUE(pattern->found_in("slow"));
    EXPECT_FALSE(pattern->found_in("slower"));
    EXPECT_FALSE(pattern->found_in(""));
}

TEST(Pattern, SaysWhatIsWrongWithOne) {
    const auto pattern = Pattern::compile("a(b");
    ASSERT_FALSE(pattern);
    EXPECT_EQ(pattern.error().kind, ErrorKind::config);
    EXPECT_THAT(pattern.error().message, ::testing::HasSubstr("missing )"));
}

TEST(Pattern, IsLinearWhereOthersBacktrackForEver) {
    const auto pattern = Pattern::compile("(a+)+$");
    ASSERT_TRUE(pattern);
    EXPECT_FALSE(pattern->found_in(std::string(200'000, 'a') + "b"));
}

}  // namespace
}  // namespace pagehaul
