#include "record/copy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/page.h"

namespace pagehaul::record {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CopyText, IsReadLineByLine) {
    EXPECT_THAT(copy_lines(""), IsEmpty());
    EXPECT_THAT(copy_lines("1\ta\n2\tb\n"), ElementsAre("1\ta\n", "2\tb\n"));
}

TEST(CopyText, AFieldIsUnescapedAndNullIsNone) {
    EXPECT_THAT(copy_fields("12\ta\\tb\\\\c\\nd\t\\N\t\n"),
                ElementsAre("12", "a\tb\\c\nd", std::nullopt, ""));
    EXPECT_THAT(copy_fields("\\r\\b\\f\\v\\."), ElementsAre("\r\b\f\v."));
    EXPECT_THAT(copy_fields("\\\\N\n"), ElementsAre("\\N")) << "an escaped backslash is no NULL";
}

TEST(CopyText, WithoutItsPositionALineIsWhatTheTargetTakes) {
    std::string out = "0\n";
    append_without_position(out, "1048576\t12\ta\\tb\n1048577\t13\t\\N\n");
    EXPECT_EQ(out, "0\n12\ta\\tb\n13\t\\N\n");
    append_without_position(out, "");
    EXPECT_EQ(out, "0\n12\ta\\tb\n13\t\\N\n");
}

TEST(RowOf, ReadsTheRowFromTheStagingPosition) {
    EXPECT_EQ(row_of(std::to_string(position(7, 42)) + "\tx\n"), 42);
    EXPECT_EQ(row_of(std::to_string(position(1, 0)) + "\n"), 0);
}

}  // namespace
}  // namespace pagehaul::record
