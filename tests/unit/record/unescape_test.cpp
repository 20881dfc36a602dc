#include "record/unescape.h"

#include <gtest/gtest.h>

namespace pagehaul::record {
namespace {

std::string value(std::string_view escaped) {
    std::string out;
    unescape(escaped, out);
    return out;
}

TEST(Unescape, KnowsEveryEscape) {
    EXPECT_EQ(value(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(value(R"(\u0041\u00e9\u521B\ud83d\ude00)"), "A\u00e9\u521b\U0001F600");
    EXPECT_EQ(value("no escape"), "no escape");
}

TEST(Unescape, ReplacesNulAndCountsIt) {
    std::string out;
    const Unescaped seen = unescape(R"(a\u0000b\u0000)", out);
    EXPECT_EQ(out, "a\uFFFDb\uFFFD");
    EXPECT_EQ(seen.nul_replaced, 2);
    EXPECT_FALSE(seen.lone_surrogate);
}

TEST(Unescape, NotesALoneSurrogate) {
    for (const char* lone : {R"(\ud83d)", R"(\ude00)", R"(\ud83d\u0041)", R"(\ud83d\n)"}) {
        std::string out;
        EXPECT_TRUE(unescape(lone, out).lone_surrogate) << lone;
    }
}

}  // namespace
}  // namespace pagehaul::record
