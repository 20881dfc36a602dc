#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/slices.h"

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::sys_days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::Source sliced_by(decltype(config::Dimension::values) values) {
    config::Source source;
    source.slices = {{.name = "t", .values = std::move(values)}};
    return source;
}

/// Each slice as "key: first - last", without the name's part of the key.
std::vector<std::string> windows(const config::Source& source, WallTime now) {
    const auto plan = expand_slices(source, now);
    EXPECT_TRUE(plan) << plan.error().text();
    std::vector<std::string> out;
    for (const Slice& slice : plan->slices)
        out.push_back(slice.key.substr(2) + ": " + slice.params[0].second.text + " - " +
                      slice.params[1].second.text);
    return out;
}

config::DateDimension months(int step, int from_days, int to_days) {
    config::DateDimension out;
    out.from.relative_days = from_days;
    out.to.relative_days = to_days;
    out.step_months = step;
    return out;
}

TEST(Months, AreWholeAndTheLastGrowsUnderItsKey) {
    EXPECT_THAT(windows(sliced_by(months(1, -60, -1)), sys_days(2026y / 3 / 10) + 5h),
                ElementsAre("2026-01-01+1month: 2026-01-01 - 2026-01-31",
                            "2026-02-01+1month: 2026-02-01 - 2026-02-28",
                            "2026-03-01+1month: 2026-03-01 - 2026-03-09"));
    EXPECT_THAT(windows(sliced_by(months(1, -1, -1)), sys_days(2026y / 3 / 11)),
                ElementsAre("2026-03-01+1month: 2026-03-01 - 2026-03-10"));
}

TEST(Months, OfThreeAreQuartersAndOfTwelveYears) {
    EXPECT_THAT(windows(sliced_by(months(3, -1, -1)), sys_days(2026y / 6 / 2)),
                ElementsAre("2026-04-01+3months: 2026-04-01 - 2026-06-01"));
    EXPECT_THAT(windows(sliced_by(months(12, -1, -1)), sys_days(1969y / 2 / 2)),
                ElementsAre("1969-01-01+12months: 1969-01-01 - 1969-02-01"));
    config::DateDimension dated = months(1, 0, -1);
    dated.from.day = sys_days(2026y / 1 / 15);
    EXPECT_THAT(windows(sliced_by(dated), sys_days(2026y / 1 / 21)),
                ElementsAre("2026-01-01+1month: 2026-01-01 - 2026-01-20"));
}

config::ClockDimension times(minutes step, minutes from, minutes to, std::string zone = "Etc/UTC") {
    config::ClockDimension out;
    out.from.relative = from;
    out.to.relative = to;
    out.step = step;
    out.zone = std::move(zone);
    return out;
}

TEST(ClockWindows, AreThoseThatAreOverWhenTheRunStarts) {
    EXPECT_THAT(windows(sliced_by(times(60min, -2h, 0min)), sys_days(2026y / 11 / 23) + 10h + 59min),
                ElementsAre("2026-11-23T08:00+1h: 2026-11-23T08:00:00+00:00 - 2026-11-23T08:59:59+00:00",
                            "2026-11-23T09:00+1h: 2026-11-23T09:00:00+00:00 - 2026-11-23T09:59:59+00:00"));
    EXPECT_THAT(windows(sliced_by(times(15min, -15min, 0min)), sys_days(2026y / 11 / 23) + 1min),
                ElementsAre("2026-11-22T23:45+15m: 2026-11-22T23:45:00+00:00 - 2026-11-22T23:59:59+00:00"));
    EXPECT_THAT(windows(sliced_by(times(6h, -1h, 0min)), sys_days(2026y / 11 / 23) + 5h), IsEmpty());
}

TEST(ClockWindows, HaveAnEndThatIncludesAndOneThatDoesNot) {
    const auto plan =
        expand_slices(sliced_by(times(60min, -1h, 0min, "Asia/Shanghai")), sys_days(2026y / 11 / 23) + 10h);
    ASSERT_EQ(plan->slices.size(), 1U);
    const auto& params = plan->slices.front().params;
    ASSERT_EQ(params.size(), 3U);
    EXPECT_EQ(params[0].first + " " + params[0].second.text, "t 2026-11-23T17:00:00+08:00");
    EXPECT_EQ(params[1].first + " " + params[1].second.text, "t_end 2026-11-23T17:59:59+08:00");
    EXPECT_EQ(params[2].first + " " + params[2].second.text, "t_next 2026-11-23T18:00:00+08:00");
    EXPECT_THAT(parameter_names(sliced_by(times(60min, -1h, 0min))), ElementsAre("t", "t_end", "t_next"));
}

config::ClockDimension on(std::chrono::year_month_day day, minutes step, minutes from, minutes to,
                          std::string zone) {
    config::ClockDimension out = times(step, 0min, 0min, std::move(zone));
    out.from.time = local_days(day) + from;
    out.to.time = local_days(day) + to;
    return out;
}

TEST(ClockWindows, SkipTheHourThatSummerTimeTakesAway) {
    EXPECT_THAT(windows(sliced_by(on(2026y / 3 / 29, 60min, 1h, 4h, "Europe/Berlin")), WallTime{}),
                ElementsAre("2026-03-29T01:00+1h: 2026-03-29T01:00:00+01:00 - 2026-03-29T01:59:59+01:00",
                            "2026-03-29T03:00+1h: 2026-03-29T03:00:00+02:00 - 2026-03-29T03:59:59+02:00"));
}

TEST(ClockWindows, HoldBothHoursThatSummerTimeGivesBack) {
    EXPECT_THAT(windows(sliced_by(on(2026y / 10 / 25, 60min, 1h, 4h, "Europe/Berlin")), WallTime{}),
                ElementsAre("2026-10-25T01:00+1h: 2026-10-25T01:00:00+02:00 - 2026-10-25T01:59:59+02:00",
                            "2026-10-25T02:00+1h: 2026-10-25T02:00:00+02:00 - 2026-10-25T02:59:59+01:00",
                            "2026-10-25T03:00+1h: 2026-10-25T03:00:00+01:00 - 2026-10-25T03:59:59+01:00"));
}

// Whatever a zone does to its clock, each second is in one window.
TEST(ClockWindows, EachBeginsWhereTheOneBeforeEnds) {
    for (const char* const zone : {"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo",
                                   "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns"}) {
        for (const minutes step : {minutes(15), minutes(60), minutes(360)}) {
            config::ClockDimension year = times(step, 0min, 0min, zone);
            year.from.time = local_days(2011y / 12 / 25);
            year.to.time = local_days(2012y / 11 / 25);
            const auto plan = expand_slices(sliced_by(year), WallTime{});
            ASSERT_TRUE(plan);
            std::string next = plan->slices.front().params[0].second.text;
            for (const Slice& slice : plan->slices) {
                ASSERT_EQ(slice.params[0].second.text, next) << zone;
                next = slice.params[2].second.text;
            }
        }
    }
}

TEST(ClockWindows, RefuseARangeThatEndsBeforeItBegins) {
    config::ClockDimension future = on(2026y / 3 / 29, 60min, 1h, 4h, "Etc/UTC");
    future.to.time.reset();
    EXPECT_FALSE(expand_slices(sliced_by(future), WallTime{}));
}

}  // namespace
}  // namespace pagehaul::source
