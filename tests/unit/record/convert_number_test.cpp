#include <gtest/gtest.h>

#include "conversion.h"

namespace pagehaul::record {
namespace {

using std::nullopt;

class Bigint : public testing::TestWithParam<Case> {};
TEST_P(Bigint, ConvertsExactlyOrRefuses) {
    EXPECT_EQ(run(convert_bigint, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Bigint,
    testing::Values(Case{Kind::integer, "0", "0"}, Case{Kind::integer, "-0", "0"},
                    Case{Kind::integer, "-12", "-12"},
                    Case{Kind::integer, "9223372036854775807", "9223372036854775807"},
                    Case{Kind::integer, "-9223372036854775808", "-9223372036854775808"},
                    Case{Kind::integer, "9223372036854775808", nullopt}, Case{Kind::decimal, "12.0", "12"},
                    Case{Kind::decimal, "12.5", nullopt}, Case{Kind::exponent, "1e3", "1000"},
                    Case{Kind::exponent, "1.5e1", "15"}, Case{Kind::exponent, "1e19", nullopt},
                    Case{Kind::exponent, "1e999999999999", nullopt}, Case{Kind::exponent, "15e-1", nullopt}));
INSTANTIATE_TEST_SUITE_P(
    Strings, Bigint,
    testing::Values(Case{Kind::string, "7", "7"}, Case{Kind::string, "007", "7"},
                    Case{Kind::string, "+7", "7"}, Case{Kind::string, " 7\n", "7"},
                    Case{Kind::string, "-0", "0"},
                    Case{Kind::string, "1234567890123456789", "1234567890123456789"},
                    Case{Kind::string, "", nullopt}, Case{Kind::string, "-", nullopt},
                    Case{Kind::string, "+-7", nullopt}, Case{Kind::string, "7 7", nullopt},
                    Case{Kind::string, "12.0", "12"}, Case{Kind::string, "1E+3", "1000"},
                    Case{Kind::string, "12.5", nullopt}, Case{Kind::string, "1e-1", nullopt},
                    Case{Kind::string, "1e19", nullopt}, Case{Kind::string, "1e", nullopt},
                    Case{Kind::string, "9223372036854775807.0", "9223372036854775807"},
                    Case{Kind::string, "0x10", nullopt}, Case{Kind::string, "1,000", nullopt},
                    Case{Kind::string, "99999999999999999999", nullopt},
                    Case{Kind::boolean_true, "true", nullopt}, Case{Kind::object, "{}", nullopt}));

class Integer : public testing::TestWithParam<Case> {};
TEST_P(Integer, ConvertsExactlyOrRefuses) {
    EXPECT_EQ(run(convert_integer, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(Forms, Integer,
                         testing::Values(Case{Kind::integer, "2147483647", "2147483647"},
                                         Case{Kind::integer, "2147483648", nullopt},
                                         Case{Kind::string, "-2147483648", "-2147483648"},
                                         Case{Kind::string, "-2147483649", nullopt},
                                         Case{Kind::string, "999999999", "999999999"},
                                         Case{Kind::string, "12.0", "12"},
                                         Case{Kind::integer, "99999999999999999999999", nullopt}));

class Smallint : public testing::TestWithParam<Case> {};
TEST_P(Smallint, ConvertsExactlyOrRefuses) {
    EXPECT_EQ(run(convert_smallint, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Smallint,
    testing::Values(Case{Kind::integer, "32767", "32767"}, Case{Kind::integer, "32768", nullopt},
                    Case{Kind::integer, "-32768", "-32768"}, Case{Kind::string, "-32769", nullopt},
                    Case{Kind::string, "9999", "9999"}, Case{Kind::exponent, "1e4", "10000"},
                    Case{Kind::exponent, "1e5", nullopt}, Case{Kind::decimal, "1.5", nullopt}));

class Real : public testing::TestWithParam<Case> {};
TEST_P(Real, PassesWhatAFloatHolds) {
    EXPECT_EQ(run(convert_real, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Real,
    testing::Values(Case{Kind::decimal, "0.1", "0.1"}, Case{Kind::exponent, "3.4028235e38", "3.4028235e38"},
                    Case{Kind::exponent, "3.5e38", nullopt}, Case{Kind::exponent, "1e-45", "1e-45"},
                    Case{Kind::exponent, "1e-46", nullopt}, Case{Kind::exponent, "0e-400", "0e-400"},
                    Case{Kind::integer, "400000000000000000000000000000000000000", nullopt},
                    Case{Kind::string, " +1.5 ", "+1.5"}, Case{Kind::string, "NaN", nullopt}));

class Numeric : public testing::TestWithParam<Case> {};
TEST_P(Numeric, KeepsEveryDigitOrRefuses) {
    EXPECT_EQ(run(convert_numeric, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Numeric,
    testing::Values(Case{Kind::decimal, "0.1000000000000000000001", "0.1000000000000000000001"},
                    Case{Kind::exponent, "1E+2", "1E+2"}, Case{Kind::string, "2766.10", "2766.10"},
                    Case{Kind::string, " -3.5 ", "-3.5"}, Case{Kind::string, "+.5", "+.5"},
                    Case{Kind::string, "5.", "5."}, Case{Kind::string, ".", nullopt},
                    Case{Kind::string, "1e", nullopt}, Case{Kind::string, "NaN", nullopt},
                    Case{Kind::string, "Infinity", nullopt}, Case{Kind::string, "12%", nullopt},
                    Case{Kind::string, "1 2", nullopt}, Case{Kind::string, "1.2.3", nullopt},
                    Case{Kind::string, "- 1", nullopt}, Case{Kind::string, "", nullopt},
                    Case{Kind::boolean_false, "false", nullopt}, Case{Kind::exponent, "1e131071", "1e131071"},
                    Case{Kind::exponent, "1e131072", nullopt}, Case{Kind::exponent, "1e-16383", "1e-16383"},
                    Case{Kind::exponent, "1e-16384", nullopt}, Case{Kind::exponent, "0e-16384", nullopt},
                    Case{Kind::exponent, "1e99999999999999999999", nullopt}));

class Double : public testing::TestWithParam<Case> {};
TEST_P(Double, PassesWhatADoubleHolds) {
    EXPECT_EQ(run(convert_double, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Double,
    testing::Values(Case{Kind::decimal, "0.1", "0.1"}, Case{Kind::exponent, "1e308", "1e308"},
                    Case{Kind::exponent, "1e309", nullopt}, Case{Kind::exponent, "-1e309", nullopt},
                    Case{Kind::exponent, "1e-400", nullopt}, Case{Kind::exponent, "0e-400", "0e-400"},
                    Case{Kind::exponent, "1e-320", "1e-320"}, Case{Kind::string, "+1e5", "+1e5"},
                    Case{Kind::string, "NaN", nullopt}, Case{Kind::string, "", nullopt}));

TEST(NumberKeys, AreOneSpellingAValue) {
    EXPECT_EQ(canonical(convert_bigint, "007"), canonical(convert_bigint, "7"));
    EXPECT_EQ(canonical(convert_bigint, "7", Kind::integer), canonical(convert_bigint, "7.0", Kind::decimal));
    EXPECT_EQ(canonical(convert_bigint, "1000"), canonical(convert_bigint, "1E+3"));
    EXPECT_EQ(canonical(convert_numeric, "1.0"), canonical(convert_numeric, "1.00"));
    EXPECT_EQ(canonical(convert_numeric, "100"), canonical(convert_numeric, "1e2"));
    EXPECT_EQ(canonical(convert_numeric, "-0.0"), canonical(convert_numeric, "0"));
    EXPECT_EQ(canonical(convert_numeric, "0.050"), canonical(convert_numeric, ".05"));
    EXPECT_NE(canonical(convert_numeric, "1"), canonical(convert_numeric, "-1"));
    EXPECT_NE(canonical(convert_numeric, "10"), canonical(convert_numeric, "1"));
    EXPECT_NE(canonical(convert_numeric, "0.1"), canonical(convert_numeric, "0.01"));
}

}  // namespace
}  // namespace pagehaul::record
