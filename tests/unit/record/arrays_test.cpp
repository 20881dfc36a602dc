#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoding.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;
using testing::HasSubstr;

config::Column array_of(ColumnType type) {
    config::Column out = column("v", type);
    out.array = true;
    return out;
}

/// The field of a row whose v is `value`, or why it is refused.
std::string field(const config::Column& array, const std::string& value) {
    const auto page = decode_rows(sink_of({column("id"), array}), "[{\"id\":1,\"v\":" + value + "}]");
    if (!page.bad.empty()) return page.bad.front().reason;
    return page.copy.substr(4, page.copy.size() - 5);
}

TEST(Arrays, AreWrittenAsPostgresReadsThem) {
    EXPECT_EQ(field(array_of(ColumnType::bigint), "[]"), "{}");
    EXPECT_EQ(field(array_of(ColumnType::bigint), "[1, 2.0 ,\"+3\",null]"), R"({"1","2","3",NULL})");
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["NULL",""," {a,b} ",true,1.50])"),
              R"({"NULL",""," {a,b} ","true","1.50"})");
    EXPECT_EQ(field(array_of(ColumnType::timestamptz), R"(["2026-10-01 10:20:30 +0800"])"),
              R"({"2026-10-01 10:20:30 +0800"})");
}

// The literal's own escapes inside COPY's: a quote is \", a backslash \\, and COPY doubles each backslash.
TEST(Arrays, EscapeQuotesAndBackslashesTwice) {
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["a\"b"])"), R"({"a\\"b"})");
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["a\\b"])"), R"({"a\\\\b"})");
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["\\\""])"), R"({"\\\\\\""})");
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["tab\tline\n"])"), R"({"tab\tline\n"})");
    EXPECT_EQ(field(array_of(ColumnType::text), R"(["\u00e9,}"])"), "{\"é,}\"}");
}

TEST(Arrays, CountTheNulCharactersThatTheyReplace) {
    const auto page = decode_rows(sink_of({column("id"), array_of(ColumnType::text)}),
                                  R"([{"id":1,"v":["a\u0000b","\u0000"]}])");
    EXPECT_EQ(page.nul_replaced, 2);
}

TEST(Arrays, NameTheElementThatDoesNotFit) {
    EXPECT_THAT(field(array_of(ColumnType::smallint), "[1,99999]"),
                HasSubstr("column v: expected an integer of 16 bits at /1, got an array"));
    EXPECT_THAT(field(array_of(ColumnType::text), "[\"a\",[\"b\"]]"),
                HasSubstr("expected no object or array inside the array; use type jsonb at /1"));
    EXPECT_THAT(field(array_of(ColumnType::text), "[{\"a\":\"]\"}]"), HasSubstr("at /0"));
    EXPECT_THAT(field(array_of(ColumnType::text), R"(["\ud800"])"), HasSubstr("lone surrogate"));
}

TEST(Arrays, ComeFromArraysAlone) {
    for (const std::string value : {"1", "\"{1}\"", "{}", "true"})
        EXPECT_THAT(field(array_of(ColumnType::bigint), value), HasSubstr("expected an array, got")) << value;
    EXPECT_EQ(field(array_of(ColumnType::bigint), "null"), "\\N");
}

TEST(Arrays, AreCleanedUpElementByElement) {
    config::Column fees = array_of(ColumnType::numeric);
    fees.strip = "￥,";
    fees.null_if = {"-"};
    EXPECT_EQ(field(fees, R"(["￥1,234.50","-","￥-"])"), R"({"1234.50",NULL,NULL})");
    EXPECT_EQ(field(fees, R"("-")"), "\\N");
}

TEST(Arrays, CannotBeKeys) {
    EXPECT_THROW(decode_rows(sink_of({array_of(ColumnType::bigint)}), "[]"), Failure);
}

}  // namespace
}  // namespace pagehaul::record
