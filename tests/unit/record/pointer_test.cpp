#include "record/pointer.h"

#include <gtest/gtest.h>

namespace pagehaul::record {
namespace {

TEST(Pointer, IsTakenApartAsRfc6901Says) {
    EXPECT_EQ(parse_pointer(""), Pointer{});
    EXPECT_EQ(parse_pointer("/"), Pointer{""});
    EXPECT_EQ(parse_pointer("/data/0/total"), (Pointer{"data", "0", "total"}));
    EXPECT_EQ(parse_pointer("/a~1b/m~0n/~01"), (Pointer{"a/b", "m~n", "~1"}));
}

TEST(Pointer, RefusesWhatIsNone) {
    EXPECT_FALSE(parse_pointer("data"));
    EXPECT_FALSE(parse_pointer("/a~2"));
    EXPECT_FALSE(parse_pointer("/a~"));
}

TEST(Pointer, NamesAnElementByDigitsWithoutLeadingZeros) {
    EXPECT_EQ(array_index("0"), 0U);
    EXPECT_EQ(array_index("12"), 12U);
    for (const char* none : {"", "-", "01", "1a", "-1", "99999999999"})
        EXPECT_FALSE(array_index(none)) << none;
}

}  // namespace
}  // namespace pagehaul::record
