#include <gtest/gtest.h>

#include "conversion.h"

namespace pagehaul::record {
namespace {

using std::nullopt;

/// A case whose text goes through unchanged.
Case same(const std::string& text) {
    return {Kind::string, text, text};
}
Case refused(const std::string& text) {
    return {Kind::string, text, nullopt};
}

class Date : public testing::TestWithParam<Case> {};
TEST_P(Date, IsARealDay) {
    EXPECT_EQ(run(convert_date, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(Forms, Date,
                         testing::Values(same("2026-10-01"), same("2024-02-29"), same("0001-01-01"),
                                         same("9999-12-31"), refused("2026-02-29"), refused("1900-02-29"),
                                         refused("2026-04-31"), refused("2026-13-01"), refused("2026-00-10"),
                                         refused("2026-01-00"), refused("0000-01-01"), refused("2026-1-1"),
                                         refused("20261001"), refused("2026/10/01"), refused("2026-10-01 "),
                                         refused("2026-10-01T00:00:00"), refused(""),
                                         Case{Kind::integer, "20261001", nullopt}));

class Time : public testing::TestWithParam<Case> {};
TEST_P(Time, IsOfOneDayAndHasNoOffset) {
    EXPECT_EQ(run(convert_time, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(Forms, Time,
                         testing::Values(same("10:20"), same("10:20:30"), same("23:59:59.999999"),
                                         Case{Kind::string, "10:20:30.1234567", "10:20:30.123457"},
                                         Case{Kind::string, "23:59:59.9999999", "24:00:00.000000"},
                                         refused("24:00:00"), refused("10:20:60"), refused("1:20"),
                                         refused("10"), refused("10:20:30Z"), refused("10:20:30+02"),
                                         refused("2026-10-01T10:20:30"), refused(" 10:20"), refused(""),
                                         Case{Kind::integer, "1020", nullopt}));

class Timestamp : public testing::TestWithParam<Case> {};
TEST_P(Timestamp, HasNoOffset) {
    EXPECT_EQ(run(convert_timestamp, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Timestamp,
    testing::Values(same("2026-10-01"), same("2026-10-01t10:20"), same("2026-10-01 10:20"),
                    same("2026-10-01T10:20:30"), same("2026-10-01 10:20:30.123456"),
                    Case{Kind::string, "2026-10-01 10:20:30.1234567", "2026-10-01 10:20:30.123457"},
                    Case{Kind::string, "2026-10-01 10:20:30.0000005", "2026-10-01 10:20:30.000000"},
                    Case{Kind::string, "2026-12-31T23:59:59.9999999", "2027-01-01 00:00:00.000000"},
                    refused("2026-10-01T10:20:30Z"), refused("2026-10-01T10:20:30+08:00"),
                    refused("2026-10-01T10:20.5"), refused("2026-10-01T10:20.1234567"),
                    refused("2026-10-01T24:00:00"), refused("2026-10-01T10:60:00"),
                    refused("2026-10-01T10:20:60"), refused("2026-10-01T10:20:30."), refused("2026-10-01T"),
                    refused("2026-10-01x10:20:30"), refused("9999-12-31T23:59:59.9999999"),
                    Case{Kind::integer, "1790000000", nullopt}));

class Timestamptz : public testing::TestWithParam<Case> {};
TEST_P(Timestamptz, NeedsItsOffset) {
    EXPECT_EQ(run(convert_timestamptz, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Timestamptz,
    testing::Values(same("2026-10-01T10:20:30Z"), same("2026-10-01t10:20:30z"),
                    same("2026-10-01 10:20:30.5+08"), same("2026-10-01T10:20:30+08:00"),
                    same("2026-10-01T10:20:30-0330"), same("2026-10-01 10:20:30 +0800"),
                    same("2026-10-01T10:20Z"), same("2026-10-01T10:20:30+15:59"),
                    Case{Kind::string, "2026-10-01T00:00:00.0000007+08:00", "2026-09-30 16:00:00.000001+00"},
                    refused("2026-10-01T10:20.5Z"), refused("2026-10-01T10:20:30"), refused("2026-10-01"),
                    refused("2026-10-01Z"), refused("2026-10-01T10:20:30+16:00"),
                    refused("2026-10-01T10:20:30+08:60"), refused("2026-10-01T10:20:30+8"),
                    refused("2026-10-01T10:20:30+08:"), refused("2026-10-01T10:20:30+"),
                    refused("2026-10-01T10:20:30ZZ"), refused("2026-10-01T10:20:30 ")));

TEST(TimeKeys, AreMicrosecondsInUtc) {
    EXPECT_EQ(canonical(convert_timestamptz, "1970-01-01T08:00:00.000001+08:00"), "1");
    EXPECT_EQ(canonical(convert_timestamptz, "2026-10-01t10:00:00z"),
              canonical(convert_timestamptz, "2026-10-01T10:00:00Z"));
    EXPECT_EQ(canonical(convert_timestamptz, "2026-10-01T10:00:00Z"),
              canonical(convert_timestamptz, "2026-10-01 12:30:00.000+0230"));
    EXPECT_EQ(canonical(convert_timestamp, "1970-01-02"), "86400000000");
    EXPECT_EQ(canonical(convert_timestamp, "1969-12-31 23:59:59.999999"), "-1");
    EXPECT_EQ(canonical(convert_date, "2026-10-01"), "2026-10-01");
    EXPECT_EQ(canonical(convert_time, "00:01"), "60000000");
    EXPECT_EQ(canonical(convert_time, "00:01:00.000"), "60000000");
}

}  // namespace
}  // namespace pagehaul::record
