#include "core/time_pattern.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

/// What the pattern reads, written plainly; or "no".
std::string read_by(const std::string& pattern, const std::string& text) {
    const auto compiled = TimePattern::compile(pattern);
    EXPECT_TRUE(compiled) << compiled.error();
    const auto parts = compiled->read(text);
    if (!parts) return "no";
    const auto plain = TimePattern::compile(parts->offset_minutes ? "%F %T.%f %z" : "%F %T.%f");
    return plain->write(*parts);
}

TEST(TimePattern, ReadsWhatItsDirectivesSay) {
    EXPECT_EQ(read_by("%Y%m%d", "20261001"), "2026-10-01 00:00:00.000000");
    EXPECT_EQ(read_by("%d/%m/%Y %H:%M:%S", "01/10/2026 23:59:58"), "2026-10-01 23:59:58.000000");
    EXPECT_EQ(read_by("%-d.%-m.%y %-I:%M %p", "1.10.26 12:05 am"), "2026-10-01 00:05:00.000000");
    EXPECT_EQ(read_by("%I %p %F", "12 PM 2026-10-01"), "2026-10-01 12:00:00.000000");
    EXPECT_EQ(read_by("%a %b %d %H:%M:%S %z %Y", "Wed Oct 10 20:19:24 +0000 2018"),
              "2018-10-10 20:19:24.000000 +0000");
    EXPECT_EQ(read_by("%A, %d %B %Y", "thursday, 01 october 2026"), "2026-10-01 00:00:00.000000");
    EXPECT_EQ(read_by("%Y.%j", "2024.366"), "2024-12-31 00:00:00.000000");
    EXPECT_EQ(read_by("%FT%T.%f%z", "2026-10-01T10:20:30.5-03:30"), "2026-10-01 10:20:30.500000 -0330");
    EXPECT_EQ(read_by("%F %T.%f", "2026-10-01 10:20:30.123456789"), "2026-10-01 10:20:30.123457");
    EXPECT_EQ(read_by("%F %z", "2026-10-01 Z"), "2026-10-01 00:00:00.000000 +0000");
    EXPECT_EQ(read_by("%y%%", "69%"), "1969-01-01 00:00:00.000000");
    EXPECT_EQ(read_by("%y%m%d", "690101"), "1969-01-01 00:00:00.000000");
}

TEST(TimePattern, LeavesNothingOverAndMissesNothing) {
    for (const char* const text : {"2026-10-01 ", " 2026-10-01", "2026-10-1", "2026-1-01", "2026-10-01T00:00",
                                   "", "2026-02-29", "2026-13-01", "2026-00-01", "0000-01-01", "26-10-01"})
        EXPECT_EQ(read_by("%Y-%m-%d", text), "no") << text;
    EXPECT_EQ(read_by("%T %F", "24:00:00 2026-10-01"), "no");
    EXPECT_EQ(read_by("%T %F", "10:00:60 2026-10-01"), "no");
    EXPECT_EQ(read_by("%I%p %F", "13PM 2026-10-01"), "no");
    EXPECT_EQ(read_by("%a %F", "Fri 2026-10-01"), "no");  // it is a Thursday
    EXPECT_EQ(read_by("%Y %j", "2026 366"), "no");
    EXPECT_EQ(read_by("%F %z", "2026-10-01 +16:00"), "no");
    EXPECT_EQ(read_by("%F %z", "2026-10-01 +8"), "no");
}

std::string fault_of(const std::string& pattern) {
    const auto compiled = TimePattern::compile(pattern);
    return compiled ? "" : compiled.error();
}

TEST(TimePattern, IsRefusedWhereNoTextCouldBeToldByIt) {
    EXPECT_EQ(fault_of("%Q"), "expected directives such as %Y, %m, %d, %H, %M, %S, %f and %z, got %Q");
    EXPECT_EQ(fault_of("%-B"), "expected directives such as %Y, %m, %d, %H, %M, %S, %f and %z, got %-B");
    EXPECT_EQ(fault_of("%Y %Y"), "expected %Y once");
    EXPECT_EQ(fault_of("%F %m"), "expected %m once");
    EXPECT_EQ(fault_of("%Y %y"), "expected %Y or %y, not both");
    EXPECT_EQ(fault_of("%I:%M"), "expected %I and %p together");
    EXPECT_EQ(fault_of("%-d%m"),
              "expected something between %m and the number before it, whose length varies");
    EXPECT_EQ(fault_of("100%"), "expected a letter after the last %");
    EXPECT_EQ(fault_of("abc"), "expected a directive such as %Y");
    EXPECT_EQ(fault_of("%-d/%-m/%Y"), "");
}

TEST(TimePattern, KnowsWhichPartsItNames) {
    const auto names = [](const char* text) {
        const auto pattern = TimePattern::compile(text);
        return std::string(pattern->names_day() ? "day" : "") + (pattern->names_clock() ? " clock" : "") +
               (pattern->names_offset() ? " offset" : "");
    };
    EXPECT_EQ(names("%Y-%m"), "");
    EXPECT_EQ(names("%j/%y"), "day");
    EXPECT_EQ(names("%F %I %p"), "day clock");
    EXPECT_EQ(names("%H%z"), " clock offset");
}

TEST(TimePattern, WritesWhatItReads) {
    using namespace std::chrono;
    const TimeParts parts{.day = sys_days(2026y / 2 / 3),
                          .micros_of_day = ((13 * 60 + 4) * 60 + 5) * 1'000'000LL + 6,
                          .offset_minutes = -210};
    const auto write = [&](const char* text) { return TimePattern::compile(text)->write(parts); };
    EXPECT_EQ(write("%Y%m%d"), "20260203");
    EXPECT_EQ(write("%-d.%-m.%y, %-I.%M %p"), "3.2.26, 1.04 PM");
    EXPECT_EQ(write("%a %A %b %j"), "Tue Tuesday Feb 034");
    EXPECT_EQ(write("%B"), "February");
    EXPECT_EQ(write("%FT%T.%f%z 100%%"), "2026-02-03T13:04:05.000006-0330 100%");
}

}  // namespace
}  // namespace pagehaul
