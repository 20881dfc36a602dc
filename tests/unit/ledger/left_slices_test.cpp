// src/ledger/README.md, "A run starts": what older runs left.
#include "ledger/left_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::ledger {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LeftSlice left(std::int64_t run, const std::string& key, const std::string& params = R"({"date":"x"})") {
    return {.id = run * 100, .run = run, .key = key, .params = params, .why = ""};
}

const ParametersByStream kDate{{"", {"date"}}};

std::vector<std::string> keys(const std::vector<PlannedSlice>& slices) {
    std::vector<std::string> keys;
    for (const PlannedSlice& slice : slices)
        keys.push_back(slice.key);
    return keys;
}

TEST(CarryOver, WhatHasTheDimensionsIsPulledAnewAndSaid) {
    const Carried carried = carry_over({}, {left(2, "a")}, kDate);
    EXPECT_THAT(keys(carried.more), ElementsAre("a"));
    EXPECT_THAT(carried.more_from, ElementsAre(2));
    EXPECT_THAT(carried.taken_over, ElementsAre(200));
    EXPECT_THAT(carried.warnings, ElementsAre("slice a carried over from run 2, which did not finish it"));
}

TEST(CarryOver, WhatIsPlannedAnywayIsTakenOverWithoutAWord) {
    const Carried carried =
        carry_over({{.key = "a", .params = "{}"}}, {left(2, "a", R"({"other":1})")}, kDate);
    EXPECT_THAT(carried.more, IsEmpty());
    EXPECT_THAT(carried.taken_over, ElementsAre(200));
    EXPECT_THAT(carried.warnings, IsEmpty());
}

TEST(CarryOver, APartOfASliceIsCoveredWithTheWhole) {
    LeftSlice part = left(2, "a/1");
    part.split_from = "a";
    const Carried carried = carry_over({{.key = "a", .params = "{}"}}, {part}, kDate);
    EXPECT_THAT(carried.more, IsEmpty());
    EXPECT_THAT(carried.taken_over, ElementsAre(200));
    const Carried alone = carry_over({{.key = "b", .params = "{}"}}, {part}, kDate);
    EXPECT_THAT(keys(alone.more), ElementsAre("a/1"));
    EXPECT_EQ(alone.more[0].split_from, "a");
}

TEST(CarryOver, OfTwoRunsThatLeftTheSameSliceTheNewestIsNamedAndBothAreTakenOver) {
    const Carried carried = carry_over({}, {left(3, "a"), left(2, "a")}, kDate);
    EXPECT_THAT(carried.more_from, ElementsAre(3));
    EXPECT_THAT(carried.taken_over, ElementsAre(300, 200));
}

TEST(CarryOver, WhatHasOtherDimensionsStays) {
    for (const char* params : {R"({"date":1,"account":2})", "{}", "no json"}) {
        const Carried carried = carry_over({}, {left(2, "a", params)}, kDate);
        EXPECT_THAT(carried.more, IsEmpty()) << params;
        EXPECT_THAT(carried.taken_over, IsEmpty());
        EXPECT_THAT(carried.warnings, ElementsAre(HasSubstr("slice a of run 2 is not pulled to its end")));
    }
}

std::string days(const std::string& from, const std::string& to) {
    return R"({"date":")" + from + R"(","date_end":")" + to + "\"}";
}

TEST(CarryOver, AWindowThatIsAskedForInOtherStepsIsCoveredByAllOfThemOrStays) {
    const ParametersByStream parameters{{"", {"date", "date_end"}}};
    const std::vector<PlannedSlice> planned{{.key = "2", .params = days("2026-11-02", "2026-11-02")},
                                            {.key = "3", .params = days("2026-11-03", "2026-11-03")}};
    const Carried all = carry_over(planned, {left(2, "2+2d", days("2026-11-02", "2026-11-03"))}, parameters);
    EXPECT_THAT(all.more, IsEmpty());
    EXPECT_THAT(all.taken_over, ElementsAre(200));
    const Carried part = carry_over(planned, {left(2, "1+2d", days("2026-11-01", "2026-11-02"))}, parameters);
    EXPECT_THAT(part.more, IsEmpty());
    EXPECT_THAT(part.taken_over, IsEmpty());
    EXPECT_THAT(part.warnings, ElementsAre(HasSubstr("other slices ask for a part of its window now")));
    const Carried none = carry_over(planned, {left(2, "4+2d", days("2026-11-04", "2026-11-05"))}, parameters);
    EXPECT_THAT(keys(none.more), ElementsAre("4+2d"));
}

TEST(CarryOver, OfTwoLeftWindowsThatShareDaysTheNewerOneIsPulled) {
    const ParametersByStream parameters{{"", {"date", "date_end"}}};
    const Carried carried = carry_over(
        {},
        {left(3, "1+7d", days("2026-11-01", "2026-11-07")), left(2, "2", days("2026-11-02", "2026-11-02"))},
        parameters);
    EXPECT_THAT(keys(carried.more), ElementsAre("1+7d"));
    EXPECT_THAT(carried.taken_over, ElementsAre(300, 200));
}

TEST(CarryOver, TwentyAreNamedAndTheRestCounted) {
    std::vector<LeftSlice> many;
    for (int i = 0; i < 25; ++i)
        many.push_back(left(2, "a" + std::to_string(i)));
    const Carried carried = carry_over({}, many, kDate);
    EXPECT_EQ(carried.more.size(), 25U);
    ASSERT_EQ(carried.warnings.size(), 21U);
    EXPECT_EQ(carried.warnings.back(), "5 more slices carried over");
}

TEST(CarryOver, ASliceOfAStreamThatIsNotPulledStaysLeft) {
    const ParametersByStream orders{{"orders", {"date"}}};
    LeftSlice of_orders = left(2, "orders/date=1", R"({"date":"1"})");
    of_orders.stream = "orders";
    LeftSlice of_items = left(2, "items/date=1", R"({"date":"1"})");
    of_items.stream = "items";
    of_items.is_child = true;
    const Carried carried = carry_over({}, {of_orders, of_items}, orders);
    EXPECT_THAT(keys(carried.more), ElementsAre("orders/date=1"));
    EXPECT_THAT(carried.warnings, Contains(HasSubstr("its stream is not pulled now")));
    const Carried both = carry_over({}, {of_items}, {{"items", {"date"}}});
    ASSERT_EQ(both.more.size(), 1U);
    EXPECT_EQ(both.more.front().stream, "items");
    EXPECT_TRUE(both.more.front().is_child);
}

}  // namespace
}  // namespace pagehaul::ledger
