#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "decoding.h"

namespace pagehaul::record {
namespace {

using ::testing::HasSubstr;

std::string list_of_zeros(int count) {
    std::string body = "[";
    for (int i = 0; i < count; ++i)
        body += i == 0 ? "0" : ",0";
    return body + "]";
}

TEST(RowBomb, IsRefusedByTheFirstRowTooManyAndBothNumbersAreTold) {
    Decoder decoder(sink_of({column("id")}), {"", {}, 100, 1'100});
    EXPECT_TRUE(decode(decoder, list_of_zeros(1'100)));
    const auto page = decode(decoder, list_of_zeros(1'101));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::data);
    EXPECT_THAT(page.error().message,
                HasSubstr("more than 1100 records, source.pagination.size asks for 100: set it to what"));
    EXPECT_TRUE(decode(decoder, "[]")) << "the decoder goes on";
}

TEST(RowBomb, IsNotKeptWholeForTheQuarantine) {
    Decoder decoder(sink_of({column("id")}), {"", {}, 100, 1'100});
    const std::string row = R"({"id": ")" + std::string(2 * kLongestPayload, 'x') + "\"}";
    const auto page = decode(decoder, "[" + row + "]");
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->bad.size(), 1U);
    EXPECT_EQ(page->bad[0].payload, row.substr(0, kLongestPayload));
    EXPECT_LT(page->bad[0].reason.size(), 1'000U);
}

TEST(RowBomb, IsAtTheLatestMoreRowsThanPositionsExistFor) {
    Decoder decoder(sink_of({column("id")}), {"", {}, 1'000'000, 2'000'000});
    const auto page = decode(decoder, list_of_zeros((1 << 20) + 1));
    ASSERT_FALSE(page);
    EXPECT_THAT(page.error().message, HasSubstr("more than 1048576 records"));
}

TEST(RowBomb, OfRowsThatAreAllBadIsRefusedBeforeTheyFillTheMemory) {
    Decoder decoder(sink_of({column("id")}), {"", {}, 1'000'000, 2'000'000});
    std::string body = "[0";
    for (int i = 1; i < 500'000; ++i)
        body += "," + std::to_string(i);
    const auto page = decode(decoder, body + "]");
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::data);
    EXPECT_THAT(page.error().message, HasSubstr("records cannot be stored, and what the quarantine would "
                                                "keep of them is larger than 8388608 bytes. "
                                                "The first: "));
    EXPECT_TRUE(decode(decoder, "[]")) << "the decoder goes on";
}

TEST(RowBomb, PagesOfBadRowsThatAreNoLargerThanTheirTextAllowsAreKept) {
    Decoder decoder(sink_of({column("id")}), {"", {}, 1'000'000, 2'000'000});
    std::string body = "[0";
    for (int i = 0; i < 10'000; ++i)
        body += R"(,{"id":"no number )" + std::to_string(i) + std::string(1'000, ' ') + "\"}";
    const auto page = decode(decoder, body + "]");
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->bad.size(), 10'001U);
}

/// Bytes that are allocated now.
std::size_t allocated() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// What a decoder has more of after 50 pages of their own making than after the first.
std::size_t kept_of(const std::string& (*page)(int)) {
    Decoder decoder(sink_of({column("id"), column("t", config::ColumnType::text)}), {"/l", {}});
    const auto decode_one = [&](int no) {
        const auto decoded = decode(decoder, page(no), 1, ColumnValues(2));
        ASSERT_TRUE(decoded) << decoded.error().message;
    };
    decode_one(0);
    const std::size_t before = allocated();
    for (int no = 1; no <= 50; ++no)
        decode_one(no);
    const std::size_t after = allocated();
    return after > before ? after - before : 0;
}

constexpr std::size_t long_text = 400'000;

const std::string& numbered(const std::string& before, int no, const std::string& behind) {
    static std::string text;
    text = before + std::string(long_text, 'k') + std::to_string(no) + behind;
    return text;
}

TEST(KeyBomb, LongKeysThatNoColumnReadsAreNotRemembered) {
    EXPECT_LT(kept_of([](int no) -> const std::string& {
                  return numbered(R"({"l": [{"id": 1, "t": "x", ")", no, R"(": 2}]})");
              }),
              long_text);
}

TEST(KeyBomb, NorAreThoseWithAnEscape) {
    EXPECT_LT(kept_of([](int no) -> const std::string& {
                  return numbered(R"({"l": [{"id": 1, "t": "x", "\n)", no, R"(": 2}], "\n": 1})");
              }),
              long_text);
}

TEST(KeyBomb, AColumnMayReadALongKey) {
    const std::string name(300, 'k');
    config::Column named = column("id");
    named.from = "/" + name;
    EXPECT_EQ(decode_rows(sink_of({named}), "[{\"" + name + "\": 7}, {\"" + name + "\": 8}]").copy,
              "0\t7\n1\t8\n");
}

/// A large page, then a small one.
TEST(Decoder, APageHoldsNoRoomOfTheLargeOneBeforeIt) {
    Decoder decoder(sink_of({column("t", config::ColumnType::text)}), {"", {}});
    const std::string large = "[{\"t\": \"" + std::string(1'000'000, 'x') + "\"}]";
    ASSERT_TRUE(decode(decoder, large));
    const auto small = decode(decoder, R"([{"t": "x"}])");
    ASSERT_TRUE(small);
    EXPECT_LT(small->copy.capacity(), 100U);
}

TEST(Decoder, KeepsNoRoomOfAVeryLargePage) {
    const auto sink = sink_of({column("t", config::ColumnType::text)});
    const std::size_t before = allocated();
    Decoder decoder(sink, {"", {}});
    ASSERT_TRUE(decode(decoder, "[{\"t\": \"" + std::string(8'000'000, 'x') + "\\n\"}]"));
    EXPECT_LT(allocated() - before, 1'000'000U);
}

}  // namespace
}  // namespace pagehaul::record
