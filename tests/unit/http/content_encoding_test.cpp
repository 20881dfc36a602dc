#include "http/content_encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "compressed.h"

namespace pagehaul::http {
namespace {

using testing::compressed;
using testing::gzipped;
using ::testing::HasSubstr;

constexpr std::string_view kText = R"({"code": 0, "rows": [1, 2, 3]})";

/// The body after its encoding is undone, or what is wrong.
Result<std::string> undone(std::string_view encoding, std::string_view body, const Bounds& bounds = {}) {
    Response response;
    if (!encoding.empty()) response.headers.emplace_back("content-encoding", encoding);
    response.body = Body::of(body);
    if (auto done = undo_content_encoding(response, bounds); !done)
        return tl::unexpected<Error>(done.error());
    return std::string(response.body.view());
}

TEST(ContentEncoding, IsUndoneInAnyCaseOfLetters) {
    for (const std::string_view name : {"gzip", "GZip", "GZIP", "x-gzip", "X-GZip"})
        EXPECT_EQ(undone(name, gzipped(kText)).value(), kText) << name;
    for (const std::string_view name : {"deflate", "Deflate"})
        EXPECT_EQ(undone(name, compressed(kText, MAX_WBITS)).value(), kText) << name;
}

TEST(ContentEncoding, DeflateMayLackZlibsHead) {
    EXPECT_EQ(undone("deflate", compressed(kText, -MAX_WBITS)).value(), kText);
}

TEST(ContentEncoding, OfSeveralGzipMembersIsOneBody) {
    EXPECT_EQ(undone("gzip", gzipped("[1,") + gzipped("2]")).value(), "[1,2]");
}

TEST(ContentEncoding, IdentityAndNoneAndNoBodyAreLeftAlone) {
    EXPECT_EQ(undone("identity", kText).value(), kText);
    EXPECT_EQ(undone("Identity", kText).value(), kText);
    EXPECT_EQ(undone("", kText).value(), kText);
    EXPECT_EQ(undone("gzip", "").value(), "") << "of a 204, say";
    EXPECT_EQ(undone("br", "").value(), "");
}

TEST(ContentEncoding, ThatNobodyAskedForIsRefusedByName) {
    for (const std::string_view name : {"br", "zstd", "gzip, br"}) {
        const auto refused = undone(name, kText);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
        EXPECT_THAT(refused.error().message,
                    HasSubstr("\"" + std::string(name) + "\"; expected gzip, deflate or none"));
    }
}

TEST(ContentEncoding, ABombCostsItsCapAndNotItsSize) {
    constexpr std::size_t cap = 100'000;
    const std::string zeros(10'000'000, '0');
    for (const auto& [name, body] :
         {std::pair{"gzip", gzipped(zeros)}, std::pair{"deflate", compressed(zeros, -MAX_WBITS)}}) {
        std::size_t most = 0;
        const auto refused = undone(name, body, {.max_body = cap, .reserve = [&](std::size_t bytes) {
                                                     most = std::max(most, bytes);
                                                     return true;
                                                 }});
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
        EXPECT_THAT(refused.error().message, HasSubstr("larger than limits.body (100000 bytes)"));
        EXPECT_LE(most, cap + 1);
    }
}

TEST(ContentEncoding, OfExactlyTheCapIsTaken) {
    const std::string text(100'000, '0');
    EXPECT_EQ(undone("gzip", gzipped(text), {.max_body = text.size()}).value(), text);
}

TEST(ContentEncoding, WithoutRoomIsTriedAgain) {
    const auto refused = undone("gzip", gzipped(kText), {.reserve = [](std::size_t) { return false; }});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::transient);
}

TEST(ContentEncoding, CutShortOrDamagedIsTriedAgain) {
    const std::string whole = gzipped(kText);
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const auto cut = undone("gzip", whole.substr(0, size));
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().kind, ErrorKind::transient);
        EXPECT_THAT(cut.error().message, HasSubstr("the gzip body was cut short"));
    }
    std::string damaged = whole;
    char& checksum = damaged[whole.size() - 6];
    checksum = static_cast<char>(checksum ^ 1);
    for (const std::string& body : {damaged, std::string(kText), whole + "trailing"}) {
        const auto refused = undone("gzip", body);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::transient);
    }
    const std::string deflated = compressed(kText, MAX_WBITS);
    EXPECT_THAT(undone("deflate", deflated.substr(0, deflated.size() - 1)).error().message,
                HasSubstr("the deflate body was cut short"));
}

}  // namespace
}  // namespace pagehaul::http
