#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "record/convert.h"

namespace pagehaul::record {
namespace {

struct Written {
    std::optional<std::string> copy;
    std::int32_t nul_replaced = 0;
};

Written write(const std::string& raw) {
    CopyBuffer out(0);
    Written written;
    if (convert_json({.raw = raw, .plain = false, .wide_numbers = true}, out, written.nul_replaced) ==
        nullptr) {
        written.copy = out.take();
    }
    return written;
}

TEST(Json, GoesThroughAsItCame) {
    EXPECT_EQ(write(R"({"a": [1, 2.50]})").copy, R"({"a": [1, 2.50]})");
}

TEST(Json, HasItsBackslashesDoubledAndItsWhiteSpaceEscapedForCopy) {
    EXPECT_EQ(write("{\"a\":\n\t\"x\\n\\\\y\\\"\"}").copy, R"({"a":\n\t"x\\n\\\\y\\""})");
}

TEST(Json, HasNulReplacedAndCounted) {
    const Written written = write(R"(["\u0000", "a\u0000b", "\\u0000"])");
    EXPECT_EQ(written.copy, R"(["\\ufffd", "a\\ufffdb", "\\\\u0000"])");
    EXPECT_EQ(written.nul_replaced, 2);
}

TEST(Json, RefusesLoneSurrogatesAsPostgresDoes) {
    EXPECT_EQ(write(R"(["\ud83d\ude00"])").copy, R"(["\\ud83d\\ude00"])");
    EXPECT_FALSE(write(R"(["\ud83d"])").copy);
    EXPECT_FALSE(write(R"(["\ud83dx\ude00"])").copy);
    EXPECT_FALSE(write(R"(["\ude00\ud83d"])").copy);
    EXPECT_FALSE(write(R"(["\ud83d\u0041"])").copy);
}

TEST(Json, RefusesNumbersThatNumericCannotHold) {
    EXPECT_TRUE(write(R"([1e400, -1.5E-10])").copy);
    EXPECT_FALSE(write(R"([1e200000])").copy);
    EXPECT_FALSE(write(R"({"a":{"b":1e-20000}})").copy);
    EXPECT_TRUE(write(R"(["1e200000", "a\"1e200000"])").copy) << "a string is no number";
}

}  // namespace
}  // namespace pagehaul::record
