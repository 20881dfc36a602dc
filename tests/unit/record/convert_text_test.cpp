#include <gtest/gtest.h>

#include "conversion.h"

namespace pagehaul::record {
namespace {

using std::nullopt;

class Boolean : public testing::TestWithParam<Case> {};
TEST_P(Boolean, TakesWhatPostgresSpellsOut) {
    EXPECT_EQ(run(convert_boolean, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Boolean,
    testing::Values(Case{Kind::boolean_true, "true", "t"}, Case{Kind::boolean_false, "false", "f"},
                    Case{Kind::string, "TRUE", "t"}, Case{Kind::string, "No", "f"},
                    Case{Kind::string, "1", "t"}, Case{Kind::integer, "0", "f"},
                    Case{Kind::integer, "2", nullopt}, Case{Kind::decimal, "1.0", nullopt},
                    Case{Kind::string, "maybe", nullopt}, Case{Kind::string, "", nullopt}));

class Text : public testing::TestWithParam<Case> {};
TEST_P(Text, IsEscapedForCopy) {
    EXPECT_EQ(run(convert_text, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Text,
    testing::Values(Case{Kind::string, "创意", "创意"}, Case{Kind::string, "", ""},
                    Case{Kind::string, "a\\b", "a\\\\b"}, Case{Kind::string, "\\N", "\\\\N"},
                    Case{Kind::string, "\\.", "\\\\."}, Case{Kind::string, "a\tb\nc\rd", "a\\tb\\nc\\rd"},
                    Case{Kind::decimal, "1.50", "1.50"}, Case{Kind::boolean_true, "true", "true"},
                    Case{Kind::object, "{}", nullopt}, Case{Kind::array, "[]", nullopt}));

constexpr const char* kUuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
class Uuid : public testing::TestWithParam<Case> {};
TEST_P(Uuid, IsWrittenInLowerCaseGroups) {
    EXPECT_EQ(run(convert_uuid, GetParam().kind, GetParam().text), GetParam().copy);
}
INSTANTIATE_TEST_SUITE_P(Forms, Uuid,
                         testing::Values(Case{Kind::string, kUuid, kUuid},
                                         Case{Kind::string, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", kUuid},
                                         Case{Kind::string, "a0eebc999c0b4ef8bb6d6bb9bd380a11", kUuid},
                                         Case{Kind::string, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", kUuid},
                                         Case{Kind::string, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g", nullopt},
                                         Case{Kind::string, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", nullopt},
                                         Case{Kind::string, "a0eebc999-c0b-4ef8-bb6d-6bb9bd380a11", nullopt},
                                         Case{Kind::string, "", nullopt},
                                         Case{Kind::integer, "12345678901234567890123456789012", nullopt}));

TEST(TextKeys, AreTheBytesThemselves) {
    EXPECT_EQ(canonical(convert_text, "a\tb"), "a\tb");
    EXPECT_EQ(canonical(convert_uuid, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"), kUuid);
}

}  // namespace
}  // namespace pagehaul::record
