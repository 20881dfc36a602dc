#include "config/values.h"

#include <gtest/gtest.h>

#include "config/placeholders.h"
#include "config/yaml/node.h"
#include "config/yaml/reader.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadAndWrittenInTheirLargestUnit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("7d"), 24h * 7);
    EXPECT_EQ(parse_duration("0s"), 0ms);
    for (const char* bad :
         {"", "5", "s", "-5s", "5 s", "1.5s", "5S", "99999999999999999999s", "9223372036854775807d"}) {
        EXPECT_FALSE(parse_duration(bad)) << bad;
    }
    EXPECT_EQ(write_duration(60s), "1m");
    EXPECT_EQ(write_duration(90s), "90s");
    EXPECT_EQ(write_duration(0ms), "0s");
}

TEST(Sizes, AreBinaryUnits) {
    EXPECT_EQ(parse_size("16MiB"), 16 << 20);
    EXPECT_FALSE(parse_size("16MB"));
    EXPECT_FALSE(parse_size("16"));
    EXPECT_EQ(write_size(16 << 20), "16MiB");
}

TEST(Rates, ArePerSecondMinuteOrHour) {
    EXPECT_DOUBLE_EQ(parse_rate("300/m")->per_second, 5);
    EXPECT_DOUBLE_EQ(parse_rate("0.5/s")->per_second, 0.5);
    for (const char* bad : {"5", "5/d", "0/s", "-1/s", "1e3/s", "inf/s", "/s", "5/", "1.2.3/s"}) {
        EXPECT_FALSE(parse_rate(bad)) << bad;
    }
}

TEST(Shares, AreFromZeroToOne) {
    EXPECT_EQ(parse_share("0.05"), 0.05);
    EXPECT_EQ(parse_share("0"), 0);
    EXPECT_EQ(parse_share("1"), 1);
    for (const char* bad : {"", "1.01", "-0.1", "5%", "nan", "inf", "x"})
        EXPECT_FALSE(parse_share(bad)) << bad;
    EXPECT_EQ(write_share(0.05), "0.05");
}

TEST(Days, AreCalendarDaysOrDaysBeforeToday) {
    EXPECT_EQ(write_day_bound(*parse_day_bound("2028-02-29")), "2028-02-29");
    EXPECT_EQ(write_day_bound(*parse_day_bound("-7d")), "-7d");
    EXPECT_EQ(parse_day_bound("0d")->relative_days, 0);
    for (const char* bad : {"2026-02-29", "2026-13-01", "2026-1-1", "7d", "--7d", "d", "-d", "2026-10-0x"}) {
        EXPECT_FALSE(parse_day_bound(bad)) << bad;
    }
}

TEST(JsonNumbers, FollowJsonsGrammar) {
    for (const char* good : {"0", "-1", "10", "1.5", "1e3", "-0.5E-2"})
        EXPECT_TRUE(is_json_number(good)) << good;
    for (const char* bad : {"", "010", "+5", ".5", "5.", "0x1f", "1_000", "1e", "-", "NaN", ".inf"}) {
        EXPECT_FALSE(is_json_number(bad)) << bad;
    }
}

TEST(Pointers, EscapeNames) {
    EXPECT_EQ(pointer_to("a/b~c"), "/a~1b~0c");
    EXPECT_TRUE(is_json_pointer(""));
    EXPECT_FALSE(is_json_pointer("a"));
    EXPECT_FALSE(is_json_pointer("/a~"));
}

TEST(Placeholders, AreNamedInOrder) {
    EXPECT_EQ(*placeholders("a {{ page.number }}{{slice.d}}"),
              (std::vector<std::string>{"page.number", "slice.d"}));
    EXPECT_FALSE(placeholders("{{ a"));
    EXPECT_FALSE(placeholders("{{ }}"));
    EXPECT_TRUE(placeholders("}} {").value().empty());
}

TEST(Suggestions, AreNearAndNotFarFetched) {
    EXPECT_EQ(nearest("tabel", {"dsn", "table"}), "table");
    EXPECT_EQ(nearest("dns", {"dsn", "table"}), "dsn");
    EXPECT_EQ(nearest("zzzzzz", {"dsn", "table"}), "");
}

}  // namespace
}  // namespace pagehaul::config
