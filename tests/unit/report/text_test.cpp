#include "report/text.h"

#include <gtest/gtest.h>

#include "report/markup.h"
#include "report/sections.h"

namespace pagehaul::report {
namespace {

TEST(Cut, CountsCharactersNotBytes) {
    EXPECT_EQ(cut("日本語", 3).text, "日本語");
    EXPECT_EQ(cut("日本語", 3).left_out, 0U);
    EXPECT_EQ(cut("日本語x", 2).text, "日本");
    EXPECT_EQ(cut("日本語x", 2).left_out, 2U);
    EXPECT_EQ(cut("", 5).text, "");
}

TEST(Counted, SaysOneOrMany) {
    EXPECT_EQ(counted(1, "page"), "1 page");
    EXPECT_EQ(counted(2'000, "page"), "2,000 pages");
}

TEST(Percent, SaysAllOrNothingOnlyWhenItIs) {
    EXPECT_EQ(percent_text(1'000'000, 1'000'000), "100 %");
    EXPECT_EQ(percent_text(999'999, 1'000'000), "> 99.9 %");
    EXPECT_EQ(percent_text(1, 1'000'000), "< 0.1 %");
    EXPECT_EQ(percent_text(0, 1'000'000), "0 %");
    EXPECT_EQ(percent_text(1, 3), "33.3 %");
    EXPECT_EQ(percent_text(0, 0), "–");
    EXPECT_EQ(percent_text(11, 10), "110.0 %");
}

TEST(Rates, AreFineWhereTheyAreSmall) {
    EXPECT_EQ(rate_text(7, 10'000), "0.7");
    EXPECT_EQ(rate_text(12'345'600, 10'000), "1,234,560");
}

TEST(Times, AreUtc) {
    EXPECT_EQ(time_text(1'780'000'000'999), "2026-05-28 20:26:40 UTC");
    EXPECT_EQ(machine_time(1'780'000'000'000), "2026-05-28T20:26:40Z");
    EXPECT_EQ(clock_text(1'780'000'000'000, false), "20:26");
    EXPECT_EQ(clock_text(1'780'000'000'000, true), "20:26:40");
    EXPECT_EQ(day_text(1'780'000'000'000), "28 May");
    EXPECT_EQ(time_text(0), "1970-01-01 00:00:00 UTC");
}

TEST(Prose, SetsCommandsApartAndEscapesAllElse) {
    EXPECT_EQ(prose("run `a <b>` again").source(), "run <code>a &lt;b&gt;</code> again");
    EXPECT_EQ(prose("an open `end").source(), "an open <code>end</code>");
}

TEST(CutValue, SaysHowMuchItLeavesOut) {
    EXPECT_EQ(cut_value("<ab>", 10).source(), "<bdi>&lt;ab&gt;</bdi>");
    EXPECT_EQ(cut_value("<abc", 2).source(),
              "<bdi>&lt;a</bdi> <span class=\"cut\">… and 2 characters more</span>");
}

TEST(SliceName, ALongPartMayBreakAnywhere) {
    const std::string part(60, 'x');
    EXPECT_EQ(slice_name(part).source(), "<bdi>" + part + "</bdi>");
}

TEST(SliceName, BreaksBehindItsCommas) {
    EXPECT_EQ(slice_name("a=1,b=<2>").source(), "<bdi><span>a=1,</span><wbr><span>b=&lt;2&gt;</span></bdi>");
    EXPECT_EQ(slice_name("all").source(), "<bdi><span>all</span></bdi>");
}

}  // namespace
}  // namespace pagehaul::report
