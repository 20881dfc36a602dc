#include "core/printable.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Printable, SpellsOutWhatSteersATerminal) {
    EXPECT_EQ(printable("a\x1b]0;title\x07"
                        "b"),
              "a\\u001b]0;title\\u0007b");
    EXPECT_EQ(printable("\x7F"), "\\u007f");
    EXPECT_EQ(printable("\xC2\x9B"
                        "2J"),
              "\\u009b2J")
        << "C1: CSI in one character";
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
}

TEST(Printable, KeepsOneLineOne) {
    EXPECT_EQ(printable("a\nok  b\r\tc"), "a\\nok  b\\r\\tc");
    EXPECT_EQ(printable("a\xE2\x80\xA8"
                        "b\xE2\x80\xA9"),
              "a\\u2028b\\u2029");
}

TEST(Printable, SpellsOutWhatTurnsTheDirectionOfReading) {
    EXPECT_EQ(printable("\u202A\u202E\u2066\u2069\u200E\u200F\u061C"),
              "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c");
}

TEST(Printable, LeavesAllElse) {
    EXPECT_EQ(printable("a\\n \"b\" é 漢 🔑 \u200D"), "a\\n \"b\" é 漢 🔑 \u200D");
}

TEST(Printable, ReplacesBytesThatAreNoText) {
    EXPECT_EQ(printable("a\xFF"
                        "b\xC3"),
              "a\uFFFDb\uFFFD");
}

TEST(Printable, LinesOfOurOwnStayLines) {
    EXPECT_EQ(printable_lines("a\nb\x1b"), "a\nb\\u001b");
}

}  // namespace
}  // namespace pagehaul
