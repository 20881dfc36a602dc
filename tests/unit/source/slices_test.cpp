#include "source/slices.h"

#include <date/date.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

sys_days day(int y, unsigned m, unsigned d) {
    return sys_days{std::chrono::year{y} / static_cast<int>(m) / static_cast<int>(d)};
}

config::DayBound relative(int days) {
    return {.day = {}, .relative_days = days};
}

config::Source with(std::vector<config::Dimension> dimensions) {
    config::Source source;
    source.slices = std::move(dimensions);
    return source;
}

std::vector<std::string> keys(const Result<SlicePlan>& plan) {
    std::vector<std::string> out;
    if (plan) {
        for (const Slice& slice : plan->slices)
            out.push_back(slice.key);
    } else {
        out.push_back("error: " + plan.error().text());
    }
    return out;
}

config::DateDimension days(config::DayBound from, config::DayBound to, std::string zone = "Etc/UTC") {
    config::DateDimension out;
    out.from = from;
    out.to = to;
    out.zone = std::move(zone);
    return out;
}

TEST(ExpandSlices, GivesOneSliceToASourceWithoutDimensions) {
    EXPECT_THAT(keys(expand_slices(with({}), WallTime{})), ElementsAre("all"));
}

TEST(ExpandSlices, CrossesItsDimensionsTheLastOneFastest) {
    const auto plan =
        expand_slices(with({{"date", days(relative(-2), relative(-1))},
                            {"advertiser_id", config::ListDimension{{{"1001", true}, {"1002", true}}}}}),
                      WallTime{day(2026, 11, 23) + 5h});
    EXPECT_THAT(keys(plan),
                ElementsAre("advertiser_id=1001,date=2026-11-21", "advertiser_id=1002,date=2026-11-21",
                            "advertiser_id=1001,date=2026-11-22", "advertiser_id=1002,date=2026-11-22"));
    const auto& params = plan->slices[1].params;
    ASSERT_EQ(params.size(), 3U);
    EXPECT_EQ(params[0].first, "date");
    EXPECT_EQ(params[1].first, "date_end");
    EXPECT_EQ(params[2].second, (config::SliceValue{"1002", true}));
}

TEST(ExpandSlices, TakesTodayFromTheDimensionsZone) {
    const WallTime evening{day(2026, 11, 22) + 17h};  // 01:00 of the 23rd in Shanghai
    EXPECT_THAT(keys(expand_slices(with({{"d", days(relative(0), relative(0), "Asia/Shanghai")}}), evening)),
                ElementsAre("d=2026-11-23"));
    EXPECT_THAT(keys(expand_slices(with({{"d", days(relative(0), relative(0))}}), evening)),
                ElementsAre("d=2026-11-22"));
}

TEST(ExpandSlices, CutsTheRangeIntoStepsTheLastOneShorter) {
    auto dates =
        days({.day = day(2026, 2, 25), .relative_days = 0}, {.day = day(2026, 3, 3), .relative_days = 0});
    dates.step_days = 3;
    const auto plan = expand_slices(with({{"d", dates}}), WallTime{day(2026, 11, 23)});
    EXPECT_THAT(keys(plan), ElementsAre("d=2026-02-25+3d", "d=2026-02-28+3d", "d=2026-03-03+3d"));
    EXPECT_EQ(plan->slices[0].params[0].second.text, "2026-02-25");
    EXPECT_EQ(plan->slices[0].params[1].second.text, "2026-02-27");
    EXPECT_EQ(plan->slices[2].params[1].second.text, "2026-03-03");
}

/// "2026-11-16..2026-11-22" of each slice.
std::vector<std::string> ranges(const SlicePlan& plan) {
    std::vector<std::string> out;
    for (const Slice& slice : plan.slices)
        out.push_back(slice.params[0].second.text + ".." + slice.params[1].second.text);
    return out;
}

TEST(ExpandSlices, CountsStepsOfASlidingWindowFromMondays) {
    auto dates = days(relative(-7), relative(-1));
    dates.step_days = 7;
    const auto plan = expand_slices(with({{"d", dates}}), WallTime{day(2026, 11, 25)});  // a Wednesday
    EXPECT_THAT(keys(plan), ElementsAre("d=2026-11-16+7d", "d=2026-11-23+7d"));
    EXPECT_THAT(ranges(*plan), ElementsAre("2026-11-16..2026-11-22", "2026-11-23..2026-11-24"));
}

TEST(ExpandSlices, ADayIsInTheSameSliceWheneverTheRunStarts) {
    for (const int step : {2, 3, 7, 10, 30}) {
        std::map<std::string, std::string> slice_of_day;
        for (sys_days today = day(2026, 11, 1); today < day(2027, 1, 1); today += std::chrono::days(1)) {
            auto dates = days(relative(-9), relative(-1));
            dates.step_days = step;
            const auto plan = expand_slices(with({{"d", dates}}), WallTime{today});
            ASSERT_TRUE(plan);
            std::set<std::string> pulled;
            for (const Slice& slice : plan->slices) {
                const auto bound = [&](std::size_t i) { return slice.params[i].second.text; };
                for (sys_days d = today - std::chrono::days(60); d < today; d += std::chrono::days(1)) {
                    const std::string text = date::format("%F", d);
                    if (text < bound(0) || text > bound(1)) continue;
                    EXPECT_TRUE(pulled.insert(text).second) << text << " is in two slices";
                    EXPECT_EQ(slice_of_day.try_emplace(text, slice.key).first->second, slice.key) << text;
                }
            }
            for (int back = 1; back <= 9; ++back)
                EXPECT_TRUE(pulled.contains(date::format("%F", today - std::chrono::days(back))));
            EXPECT_FALSE(pulled.contains(date::format("%F", today)));
        }
    }
}

TEST(ExpandSlices, CountsStepsFromAFromThatIsADate) {
    auto dates = days({.day = day(2026, 11, 1), .relative_days = 0}, relative(-1));
    dates.step_days = 7;
    EXPECT_THAT(ranges(*expand_slices(with({{"d", dates}}), WallTime{day(2026, 11, 10)})),
                ElementsAre("2026-11-01..2026-11-07", "2026-11-08..2026-11-09"));
}

TEST(ExpandSlices, CountsStepsBeforeTheFirstMondayToo) {
    auto dates = days(relative(-1), relative(-1));
    dates.step_days = 7;
    EXPECT_THAT(ranges(*expand_slices(with({{"d", dates}}), WallTime{day(1970, 1, 2)})),
                ElementsAre("1969-12-29..1970-01-01"));
}

TEST(ExpandSlices, PlansNoStepOfWhichNoDayIsDue) {
    auto dates = days(relative(-1), relative(-1));
    dates.step_days = 7;
    dates.ready_at = 10h;
    // A Wednesday: its step began two days ago, but the day asked for is not ready.
    const auto plan = expand_slices(with({{"d", dates}}), WallTime{day(2026, 11, 25) + 9h});
    EXPECT_TRUE(plan->slices.empty());
}

TEST(ExpandSlices, LeavesOutDaysThatAreNotReadyWithAWarningEach) {
    auto dates = days(relative(-2), relative(0), "Asia/Shanghai");
    dates.ready_at = 10h + 15min;
    const WallTime before{day(2026, 11, 23) + 2h + 14min + 59s};  // 10:14:59 in Shanghai
    const auto plan = expand_slices(with({{"date", dates}}), before);
    EXPECT_THAT(keys(plan), ElementsAre("date=2026-11-21"));
    EXPECT_THAT(plan->warnings, ElementsAre(AllOf(HasSubstr("source.slices.date: 2026-11-22"),
                                                  HasSubstr("2026-11-23 at 10:15 Asia/Shanghai")),
                                            HasSubstr("2026-11-23 is not planned")));
    EXPECT_THAT(keys(expand_slices(with({{"date", dates}}), before + 1s)),
                ElementsAre("date=2026-11-21", "date=2026-11-22"));
}

TEST(ExpandSlices, PlansNothingWhenNoDayIsReady) {
    auto dates = days(relative(0), relative(0));
    dates.ready_at = 0min;
    const auto plan = expand_slices(with({{"date", dates}}), WallTime{day(2026, 11, 23) + 12h});
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->slices.empty());
    EXPECT_EQ(plan->warnings.size(), 1U);
}

TEST(ExpandSlices, CountsLocalDaysAcrossDaylightSaving) {
    // Berlin's 2026-03-29 has 23 hours, 2026-10-25 has 25.
    for (const auto& [now, yesterday] :
         {std::pair{WallTime{day(2026, 3, 29) + 22h + 30min}, "d=2026-03-29"},   // 00:30 of the 30th
          std::pair{WallTime{day(2026, 10, 25) + 22h + 30min}, "d=2026-10-24"},  // 23:30 of the 25th
          std::pair{WallTime{day(2026, 10, 25) + 23h + 30min}, "d=2026-10-25"}}) {
        EXPECT_THAT(
            keys(expand_slices(with({{"d", days(relative(-1), relative(-1), "Europe/Berlin")}}), now)),
            ElementsAre(yesterday));
    }
}

TEST(ExpandSlices, TakesAReadyTimeThatTheZoneSkipsAsTheEndOfTheGap) {
    // On 2026-03-29 Berlin has no 02:30; the gap ends at 01:00 UTC.
    auto dates = days({.day = day(2026, 3, 28), .relative_days = 0},
                      {.day = day(2026, 3, 28), .relative_days = 0}, "Europe/Berlin");
    dates.ready_at = 2h + 30min;
    const WallTime gap_end{day(2026, 3, 29) + 1h};
    EXPECT_TRUE(expand_slices(with({{"d", dates}}), gap_end - 1s)->slices.empty());
    EXPECT_EQ(expand_slices(with({{"d", dates}}), gap_end)->slices.size(), 1U);
}

TEST(ExpandSlices, TakesAReadyTimeThatComesTwiceAsTheLaterOne) {
    // On 2026-10-25 Berlin has 02:30 at 00:30 and at 01:30 UTC.
    auto dates = days({.day = day(2026, 10, 24), .relative_days = 0},
                      {.day = day(2026, 10, 24), .relative_days = 0}, "Europe/Berlin");
    dates.ready_at = 2h + 30min;
    const WallTime later{day(2026, 10, 25) + 1h + 30min};
    EXPECT_TRUE(expand_slices(with({{"d", dates}}), later - 1s)->slices.empty());
    EXPECT_EQ(expand_slices(with({{"d", dates}}), later)->slices.size(), 1U);
}

TEST(ExpandSlices, NamesTheZoneItDoesNotKnow) {
    const auto plan =
        expand_slices(with({{"date", days(relative(-1), relative(-1), "Mars/Olympus")}}), WallTime{});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, ErrorKind::config);
    EXPECT_EQ(plan.error().origin, "source.slices.date.zone");
    EXPECT_THAT(plan.error().message, HasSubstr("Mars/Olympus"));
}

TEST(ExpandSlices, RefusesARangeThatEndsBeforeItBegins) {
    const auto plan = expand_slices(with({{"date", days(relative(0), relative(-1))}}), WallTime{});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, ErrorKind::config);
}

TEST(ExpandSlices, RefusesTheSameSliceTwice) {
    const auto plan =
        expand_slices(with({{"a", config::ListDimension{{{"1", true}, {"1", true}}}}}), WallTime{});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, ErrorKind::config);
}

TEST(ExpandSlices, KeepsKeysApartWhateverTheValuesHold) {
    const auto plan = expand_slices(
        with({{"a", config::ListDimension{{{"1,b=2", false}}}}, {"b", config::ListDimension{{{"3", true}}}}}),
        WallTime{});
    EXPECT_THAT(keys(plan), ElementsAre("a=1%2Cb%3D2,b=3"));
}

TEST(SliceJson, ComesBackAsItWas) {
    const Slice slice{.key = "k",
                      .params = {{"date", {"2026-11-22", false}},
                                 {"id", {"90071992547409931234", true}},
                                 {"share", {"1.50", true}},
                                 {"text", {"a\"b\\c\nü", false}}}};
    const std::string json = to_json(slice);
    EXPECT_EQ(json,
              R"({"date":"2026-11-22","id":90071992547409931234,"share":1.50,"text":"a\"b\\c\u000aü"})");
    const auto back = slice_from_json("k", json);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(back->params, slice.params);
}

TEST(SliceJson, RefusesWhatIsNoFlatObject) {
    for (const char* const text : {"", "[]", "1", "{\"a\":[1]}", "{\"a\":{\"b\":1}}", "{\"a\":null}"}) {
        EXPECT_FALSE(slice_from_json("k", text)) << text;
    }
}

}  // namespace
}  // namespace pagehaul::source
