#include "source/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using ::testing::HasSubstr;

config::Source source_of(std::vector<config::Dimension> slices) {
    config::Source source;
    source.slices = std::move(slices);
    return source;
}

config::Dimension dates(const std::string& name) {
    return {.name = name, .values = config::DateDimension{.from = {}, .to = {}, .step_days = 7}};
}

config::Dimension hours(const std::string& name, const std::string& zone = "Etc/UTC") {
    return {.name = name, .values = config::ClockDimension{.from = {}, .to = {}, .zone = zone}};
}

config::Dimension accounts() {
    return {.name = "account", .values = config::ListDimension{.values = {{.text = "1"}, {.text = "2"}}}};
}

/// "key {params}".
std::string text_of(const Slice& slice) {
    return slice.key + " " + to_json(slice);
}

Slice slice_of(const std::string& key, std::vector<std::pair<std::string, std::string>> params) {
    Slice slice{.key = key, .params = {}};
    for (auto& [name, text] : params)
        slice.params.emplace_back(name, config::SliceValue{.text = text});
    return slice;
}

TEST(Halve, CutsDaysInTheMiddleAndNamesTheHalvesByTheirBounds) {
    const auto halves =
        halve(source_of({accounts(), dates("date")}),
              slice_of("account=1,date=2026-11-23+7d",
                       {{"account", "1"}, {"date", "2026-11-23"}, {"date_end", "2026-11-29"}}));
    ASSERT_TRUE(halves);
    EXPECT_EQ(text_of((*halves)[0]), R"(account=1,date=2026-11-23..2026-11-26 )"
                                     R"({"account":"1","date":"2026-11-23","date_end":"2026-11-26"})");
    EXPECT_EQ(text_of((*halves)[1]), R"(account=1,date=2026-11-27..2026-11-29 )"
                                     R"({"account":"1","date":"2026-11-27","date_end":"2026-11-29"})");
}

TEST(Halve, CutsAHalfAgainDownToADay) {
    const config::Source source = source_of({dates("date")});
    const auto halves = halve(source, slice_of("date=2026-11-23..2026-11-24",
                                               {{"date", "2026-11-23"}, {"date_end", "2026-11-24"}}));
    ASSERT_TRUE(halves);
    EXPECT_EQ((*halves)[0].key, "date=2026-11-23..2026-11-23");
    EXPECT_EQ((*halves)[1].key, "date=2026-11-24..2026-11-24");
    const auto day = halve(source, (*halves)[0]);
    ASSERT_FALSE(day);
    EXPECT_THAT(day.error().text(), HasSubstr("slice date=2026-11-23..2026-11-23"));
    EXPECT_THAT(day.error().text(), HasSubstr("a day is the smallest window"));
}

TEST(Halve, CutsTimesByMinutesThatPassWhateverTheClockShows) {
    const auto halves = halve(source_of({hours("t", "Europe/Berlin")}),
                              slice_of("t=2026-10-25T02:00+1h", {{"t", "2026-10-25T02:00:00+02:00"},
                                                                 {"t_end", "2026-10-25T02:59:59+01:00"},
                                                                 {"t_next", "2026-10-25T03:00:00+01:00"}}));
    ASSERT_TRUE(halves);
    EXPECT_EQ(text_of((*halves)[0]),
              R"(t=2026-10-25T02:00:00+02:00..2026-10-25T02:00:00+01:00 {"t":"2026-10-25T02:00:00+02:00",)"
              R"("t_end":"2026-10-25T02:59:59+02:00","t_next":"2026-10-25T02:00:00+01:00"})");
    EXPECT_EQ(text_of((*halves)[1]),
              R"(t=2026-10-25T02:00:00+01:00..2026-10-25T03:00:00+01:00 {"t":"2026-10-25T02:00:00+01:00",)"
              R"("t_end":"2026-10-25T02:59:59+01:00","t_next":"2026-10-25T03:00:00+01:00"})");
}

TEST(Halve, OfAMinuteIsNone) {
    const auto halves = halve(source_of({hours("t")}),
                              slice_of("t=2026-10-25T02:00+1min", {{"t", "2026-10-25T02:00:00+00:00"},
                                                                   {"t_end", "2026-10-25T02:00:59+00:00"},
                                                                   {"t_next", "2026-10-25T02:01:00+00:00"}}));
    ASSERT_FALSE(halves);
    EXPECT_THAT(halves.error().text(), HasSubstr("a minute is the smallest window"));
}

TEST(Halve, CutsTheNextWindowWhereTheFirstIsAsSmallAsItGets) {
    const auto halves = halve(source_of({dates("day"), dates("week")}),
                              slice_of("day=2026-11-23,week=2026-11-01+7d", {{"day", "2026-11-23"},
                                                                             {"day_end", "2026-11-23"},
                                                                             {"week", "2026-11-01"},
                                                                             {"week_end", "2026-11-07"}}));
    ASSERT_TRUE(halves);
    EXPECT_EQ((*halves)[0].key, "day=2026-11-23,week=2026-11-01..2026-11-04");
}

TEST(Halve, WithoutAWindowThereIsNothingToHalve) {
    for (const config::Source& source : {source_of({accounts()}), source_of({})}) {
        const auto halves = halve(source, slice_of("account=1", {{"account", "1"}}));
        ASSERT_FALSE(halves);
        EXPECT_THAT(halves.error().text(), HasSubstr("source.slices has no window of dates or times"));
    }
}

}  // namespace
}  // namespace pagehaul::source
