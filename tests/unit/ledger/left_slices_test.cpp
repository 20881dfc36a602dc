// src/ledger/README.md, "A run starts": what older runs left.
#include "ledger/left_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LeftSlice left(std::int64_t run, const std::string& key, const std::string& params = R"({"date":"x"})") {
    return {.id = run * 100, .run = run, .key = key, .params = params, .why = ""};
}

std::vector<std::string> keys(const std::vector<PlannedSlice>& slices) {
    std::vector<std::string> keys;
    for (const PlannedSlice& slice : slices)
        keys.push_back(slice.key);
    return keys;
}

TEST(CarryOver, WhatHasTheDimensionsIsPulledAnewAndSaid) {
    const Carried carried = carry_over({}, {left(2, "a")}, {"date"});
    EXPECT_THAT(keys(carried.more), ElementsAre("a"));
    EXPECT_THAT(carried.more_from, ElementsAre(2));
    EXPECT_THAT(carried.taken_over, ElementsAre(200));
    EXPECT_THAT(carried.warnings, ElementsAre("slice a carried over from run 2, which did not finish it"));
}

TEST(CarryOver, WhatIsPlannedAnywayIsTakenOverWithoutAWord) {
    const Carried carried =
        carry_over({{.key = "a", .params = "{}"}}, {left(2, "a", R"({"other":1})")}, {"date"});
    EXPECT_THAT(carried.more, IsEmpty());
    EXPECT_THAT(carried.taken_over, ElementsAre(200));
    EXPECT_THAT(carried.warnings, IsEmpty());
}

TEST(CarryOver, OfTwoRunsThatLeftTheSameSliceTheNewestIsNamedAndBothAreTakenOver) {
    const Carried carried = carry_over({}, {left(3, "a"), left(2, "a")}, {"date"});
    EXPECT_THAT(carried.more_from, ElementsAre(3));
    EXPECT_THAT(carried.taken_over, ElementsAre(300, 200));
}

TEST(CarryOver, WhatHasOtherDimensionsStays) {
    for (const char* params : {R"({"date":1,"account":2})", "{}", "no json"}) {
        const Carried carried = carry_over({}, {left(2, "a", params)}, {"date"});
        EXPECT_THAT(carried.more, IsEmpty()) << params;
        EXPECT_THAT(carried.taken_over, IsEmpty());
        EXPECT_THAT(carried.warnings, ElementsAre(HasSubstr("slice a of run 2 is not pulled to its end")));
    }
}

TEST(CarryOver, TwentyAreNamedAndTheRestCounted) {
    std::vector<LeftSlice> many;
    for (int i = 0; i < 25; ++i)
        many.push_back(left(2, "a" + std::to_string(i)));
    const Carried carried = carry_over({}, many, {"date"});
    EXPECT_EQ(carried.more.size(), 25U);
    ASSERT_EQ(carried.warnings.size(), 21U);
    EXPECT_EQ(carried.warnings.back(), "5 more slices carried over");
}

}  // namespace
}  // namespace pagehaul::ledger
