#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pagehaul {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, ACharacterIsAsLongAsItsFirstByteSays) {
    EXPECT_EQ(utf8_character("a", 0), 1U);
    EXPECT_EQ(utf8_character("\0"sv, 0), 1U);
    EXPECT_EQ(utf8_character("\xC3\xBC", 0), 2U);
    EXPECT_EQ(utf8_character("\xE4\xB8\xAD", 0), 3U);
    EXPECT_EQ(utf8_character("\xF0\x9F\x98\x80", 0), 4U);
    EXPECT_EQ(utf8_character("a\xC3\xBC", 1), 2U);
}

TEST(Utf8, ItsEdgesAreThoseOfUnicode) {
    const std::vector<std::string> good{"\x7F",         "\xC2\x80",         "\xE0\xA0\x80",    "\xED\x9F\xBF",
                                        "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    for (const std::string& text : good)
        EXPECT_EQ(utf8_character(text, 0), text.size());
    const std::vector<std::string> bad{"\x80",
                                       "\xC1\xBF",
                                       "\xE0\x9F\xBF",
                                       "\xED\xA0\x80",
                                       "\xF0\x8F\xBF\xBF",
                                       "\xF4\x90\x80\x80",
                                       "\xF5\x80\x80\x80",
                                       "\xFF"};
    for (const std::string& text : bad)
        EXPECT_EQ(utf8_character(text, 0), 0U) << std::hex << (static_cast<unsigned>(text[0]) & 0xFFU);
}

TEST(Utf8, ACharacterThatIsCutOffOrBrokenIsNone) {
    for (const std::string_view text : {"\xC3", "\xE4\xB8", "\xF0\x9F\x98", "\xE4\xB8z", "\xC3z"})
        EXPECT_EQ(utf8_character(text, 0), 0U);
}

TEST(Utf8, TheFirstBadByteIsFoundAndNulIsBad) {
    EXPECT_EQ(utf8_first_bad("a\xC3\xBC"), std::string_view::npos);
    EXPECT_EQ(utf8_first_bad("a\xC3\xBC\xFFz"), 3U);
    EXPECT_EQ(utf8_first_bad("ab\0c"sv), 2U);
}

TEST(Utf8, RefusesWhatRfc3629Does) {
    EXPECT_EQ(utf8_first_bad("a￥b"), std::string_view::npos);
    for (const char* bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xE2\x82", "\xF5\x80\x80\x80"}) {
        EXPECT_EQ(utf8_first_bad(bad), 0U) << bad;
    }
    EXPECT_EQ(utf8_length("a￥b"), 3U);
}

TEST(Utf8, ALengthCountsCharacters) {
    EXPECT_EQ(utf8_length(""), 0U);
    EXPECT_EQ(utf8_length("a\xC3\xBC\xE4\xB8\xAD"), 3U);
}

TEST(Utf8, WhatIsBeyondAsciiIsEscapedAsInJson) {
    EXPECT_EQ(escaped_beyond_ascii("a\"\\n"), "a\"\\n");
    EXPECT_EQ(escaped_beyond_ascii("\xC3\xA9 \xE4\xB8\xAD"), "\\u00e9 \\u4e2d");
    EXPECT_EQ(escaped_beyond_ascii("\xF0\x9F\x98\x80"), "\\ud83d\\ude00") << "a pair";
    EXPECT_EQ(escaped_beyond_ascii("\xFF\xE4"), "\\ufffd\\ufffd") << "no character";
}

TEST(Utf8, APrefixEndsBetweenCharacters) {
    EXPECT_EQ(utf8_prefix("a\xE4\xB8\xAD", 9), "a\xE4\xB8\xAD");
    EXPECT_EQ(utf8_prefix("a\xE4\xB8\xAD", 4), "a\xE4\xB8\xAD");
    EXPECT_EQ(utf8_prefix("a\xE4\xB8\xAD", 3), "a");
    EXPECT_EQ(utf8_prefix("a\xE4\xB8\xAD", 1), "a");
    EXPECT_EQ(utf8_prefix("\xE4\xB8\xAD", 2), "");
}

}  // namespace
}  // namespace pagehaul
