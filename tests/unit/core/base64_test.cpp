#include "core/base64.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Base64, IsWrittenAsTheStandardHasIt) {  // RFC 4648, 10
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xFB\xFF"), "+/8=");
    EXPECT_EQ(base64_url("\xFB\xFF"), "-_8");
}

TEST(Base64, IsReadBackWhole) {
    for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        EXPECT_EQ(from_base64(base64(text)), text);
    EXPECT_EQ(from_base64("Zg="), std::nullopt);
    EXPECT_EQ(from_base64("Zg"), std::nullopt);
    EXPECT_EQ(from_base64("a canary"), std::nullopt);
}

}  // namespace
}  // namespace pagehaul
