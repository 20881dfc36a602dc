#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoding.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;
using testing::HasSubstr;

config::Column with(config::Column column, void (*change)(config::Column&)) {
    change(column);
    return column;
}

TEST(Columns, AreWrittenInTheConfigsOrderAfterThePosition) {
    const auto sink = sink_of({column("b"), column("a", ColumnType::text)});
    Decoder decoder(sink, {"", {}});
    const auto page =
        decode(decoder, R"([{"a":"x","b":1},{"b":2,"a":"y"},{"c":[{}],"a":"z","b":3}])", 5, ColumnValues(2));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->copy, "5242880\t1\tx\n5242881\t2\ty\n5242882\t3\tz\n");
    EXPECT_EQ(page->stored, 3);
}

TEST(Columns, ReadNestedFieldsElementsAndWholeRecords) {
    const auto sink = sink_of({with(column("id"), [](auto& c) { c.from = "/base/id"; }),
                               with(column("first", ColumnType::text), [](auto& c) { c.from = "/tags/1"; }),
                               with(column("base", ColumnType::jsonb), [](auto& c) { c.from = "/base"; }),
                               with(column("raw", ColumnType::text), [](auto& c) { c.from = ""; })});
    const auto page = decode_rows(sink, R"([{"tags":["a","b\\"],"base":{"x":1,"id":7}}])");
    EXPECT_EQ(
        page.copy,
        "0\t7\tb\\\\\t{\"x\":1,\"id\":7}\t{\"tags\":[\"a\",\"b\\\\\\\\\"],\"base\":{\"x\":1,\"id\":7}}\n");
}

TEST(Columns, FollowTheFieldsWhateverTheirOrderAndWhateverIsBetween) {
    const auto sink = sink_of({column("a"), column("b"), column("c")});
    const auto page = decode_rows(
        sink,
        R"([{"a":1,"b":2,"c":3},{"c":3,"b":2,"a":4},{"x":9,"a":5,"y":"}","b":2,"z":[1],"c":3},{"\u0061":6,"b":2,"c":3}])");
    EXPECT_EQ(page.copy, "0\t1\t2\t3\n1\t4\t2\t3\n2\t5\t2\t3\n3\t6\t2\t3\n");
}

TEST(Columns, OfKeysThatChangeWithEveryRecordAreFoundStill) {
    std::string body = "[";
    for (int i = 0; i < 3000; ++i) {
        const auto n = std::to_string(i);
        body += (i == 0 ? "{\"k" : ",{\"k") + n + "\":0,\"id\":" + n + "}";
    }
    const auto page = decode_rows(sink_of({column("id")}), body + "]");
    EXPECT_EQ(page.stored, 3000);
    EXPECT_TRUE(page.bad.empty());
}

TEST(Columns, TakeNullForNullAndAbsentOnlyWhereOptional) {
    const auto sink =
        sink_of({column("id"), column("a"), with(column("b"), [](auto& c) { c.optional = true; })});
    const auto page = decode_rows(sink, R"([{"id":1,"a":null,"b":null},{"id":2,"a":1},{"id":3,"b":1}])");
    EXPECT_EQ(page.copy, "0\t1\t\\N\t\\N\n1\t2\t1\t\\N\n");
    ASSERT_EQ(page.bad.size(), 1U);
    EXPECT_EQ(page.bad[0].row, 2);
    EXPECT_EQ(page.bad[0].payload, R"({"id":3,"b":1})");
    EXPECT_EQ(page.bad[0].reason, "column a: expected the field to be there, got nothing");
}

TEST(Columns, StripAndNullIfActOnStrings) {
    const auto sink = sink_of({column("id"), with(column("fee", ColumnType::numeric), [](auto& c) {
                                   c.strip = "￥,";
                                   c.null_if = {"-", ""};
                               })});
    const auto page =
        decode_rows(sink, R"([{"id":1,"fee":"￥1,234.50"},{"id":2,"fee":"-"},{"id":3,"fee":"￥"},
        {"id":4,"fee":""},{"id":5,"fee":12.5},{"id":6,"fee":"\uffe51"},{"id":7,"fee":"¥5"}])");
    EXPECT_EQ(page.copy, "0\t1\t1234.50\n1\t2\t\\N\n2\t3\t\\N\n3\t4\t\\N\n4\t5\t12.5\n5\t6\t1\n");
    ASSERT_EQ(page.bad.size(), 1U) << "U+00A5 shares a byte with U+FFE5 and is another character";
}

TEST(Columns, NullIfComparesANumberAsWritten) {
    const auto sink = sink_of({column("id"), with(column("n"), [](auto& c) { c.null_if = {"-1"}; })});
    EXPECT_EQ(decode_rows(sink, R"([{"id":1,"n":-1},{"id":2,"n":-10}])").copy, "0\t1\t\\N\n1\t2\t-10\n");
}

TEST(Columns, OfJsonbMayTellNullByATextOrANumber) {
    const auto sink = sink_of({column("id"), with(column("extra", ColumnType::jsonb), [](auto& c) {
                                   c.null_if = {"-", "0"};
                               })});
    const auto page = decode_rows(sink, R"([{"id":1,"extra":"-"},{"id":2,"extra":0},{"id":3,"extra":{"-":0}},
        {"id":4,"extra":"\u002d"},{"id":5,"extra":"a\"b"}])");
    EXPECT_EQ(page.copy, "0\t1\t\\N\n1\t2\t\\N\n2\t3\t{\"-\":0}\n3\t4\t\\N\n4\t5\t\"a\\\\\"b\"\n");
}

TEST(Columns, OfKeysAreNeverNull) {
    const auto sink = sink_of({with(column("id", ColumnType::text), [](auto& c) {
        c.optional = true;
        c.null_if = {"-"};
    })});
    const auto page = decode_rows(sink, R"([{"id":null},{"x":1},{"id":"-"},{"id":"1"}])");
    EXPECT_EQ(page.stored, 1);
    ASSERT_EQ(page.bad.size(), 3U);
    for (const auto& bad : page.bad)
        EXPECT_THAT(bad.reason, HasSubstr("column id: expected a value in a key column"));
    EXPECT_EQ(page.key_hashes.size(), 4U);
}

TEST(Columns, WithAValueTakeItFromTheSlice) {
    const auto sink =
        sink_of({with(column("advertiser"), [](auto& c) { c.value = "{{ slice.a }}"; }), column("id")},
                {"advertiser", "id"});
    Decoder decoder(sink, {"", {}});
    EXPECT_EQ(decode(decoder, R"([{"id":1}])", 0, {"1001", std::nullopt})->copy, "0\t1001\t1\n");
    EXPECT_EQ(decode(decoder, R"([{"id":1}])", 0, {"1002", std::nullopt})->copy, "0\t1002\t1\n");
    const auto bad = decode(decoder, R"([{"id":1}])", 0, {"x", std::nullopt});
    ASSERT_EQ(bad->bad.size(), 1U);
    EXPECT_THAT(bad->bad[0].reason, HasSubstr("column advertiser: expected an integer"));
    EXPECT_NE(decode(decoder, R"([{"id":1}])", 0, {"1001", std::nullopt})->key_hashes,
              decode(decoder, R"([{"id":1}])", 0, {"1002", std::nullopt})->key_hashes);
}

TEST(Columns, OfAValueCheckTheJsonOfJsonb) {
    const auto sink = sink_of(
        {column("id"), with(column("j", ColumnType::jsonb), [](auto& c) { c.value = "{{ slice.j }}"; })});
    EXPECT_EQ(decode_rows(sink, R"([{"id":1}])", {std::nullopt, R"({"a":1})"}).copy, "0\t1\t{\"a\":1}\n");
    EXPECT_EQ(decode_rows(sink, R"([{"id":1}])", {std::nullopt, "{"}).bad.size(), 1U);
    EXPECT_EQ(decode_rows(sink, R"([{"id":1}])", {std::nullopt, "1 2"}).bad.size(), 1U);
    EXPECT_EQ(decode_rows(sink, R"([{"id":1}])", {std::nullopt, "\xEF\xBB\xBF[1]"}).bad.size(), 1U);
}

TEST(Columns, SayWhyAValueWasRefused) {
    const auto page =
        decode_rows(sink_of({column("id"), column("n")}), R"([{"id":1,"n":"abc"},{"id":2,"n":{"a":[]}}])");
    EXPECT_EQ(page.bad[0].reason, "column n: expected an integer of 64 bits, got a string `abc`");
    EXPECT_EQ(page.bad[1].reason, "column n: expected an integer of 64 bits, got an object `{\"a\":[]}`");
}

TEST(Columns, CutALongValueInAMessageBetweenCharacters) {
    std::string value;
    for (int i = 0; i < 100; ++i)
        value += "创";
    const auto page = decode_rows(sink_of({column("id"), column("n")}), R"([{"id":1,"n":")" + value + "\"}]");
    EXPECT_THAT(page.bad[0].reason, testing::EndsWith("创...`"));
    EXPECT_LT(page.bad[0].reason.size(), 140U);
}

TEST(Columns, ReplaceNulAndCountItInStoredRowsOnly) {
    const auto sink = sink_of({column("id"), column("t", ColumnType::text), column("j", ColumnType::jsonb)});
    const auto page =
        decode_rows(sink, R"([{"id":1,"t":"a\u0000","j":"\u0000"},{"id":"x","t":"\u0000","j":1}])");
    EXPECT_EQ(page.copy, "0\t1\ta\uFFFD\t\"\\\\ufffd\"\n");
    EXPECT_EQ(page.nul_replaced, 2);
}

TEST(Columns, RefuseALoneSurrogate) {
    const auto page =
        decode_rows(sink_of({column("id"), column("t", ColumnType::text)}), R"([{"id":1,"t":"\ud800"}])");
    EXPECT_THAT(page.bad.at(0).reason, HasSubstr("lone surrogate"));
}

TEST(Columns, RefuseARepeatedField) {
    const auto page = decode_rows(sink_of({column("id")}), R"([{"id":1,"id":2}])");
    EXPECT_THAT(page.bad.at(0).reason, HasSubstr("field `id`: expected once"));
}

TEST(Columns, RefuseUndeclaredFieldsWhereTheConfigSaysSo) {
    auto sink = sink_of({column("id"), with(column("a"), [](auto& c) { c.from = "/o/a"; }),
                         with(column("raw", ColumnType::jsonb), [](auto& c) { c.from = ""; })});
    const std::string body =
        R"([{"id":1,"o":{"a":1}},{"id":2,"o":{"a":1},"new":1},{"id":3,"o":{"a":1,"b":2}}])";
    EXPECT_EQ(decode_rows(sink, body).stored, 3);
    sink.undeclared = config::Undeclared::error;
    const auto page = decode_rows(sink, body);
    EXPECT_EQ(page.stored, 1);
    EXPECT_THAT(page.bad.at(0).reason, HasSubstr("field `new`"));
    EXPECT_THAT(page.bad.at(1).reason, HasSubstr("field `b`"));
    sink.columns.push_back(with(column("o", ColumnType::jsonb), [](auto&) {}));
    EXPECT_EQ(decode_rows(sink, body).stored, 2) << "a column that reads /o reads all of it";
}

TEST(Columns, RefuseRecordsThatAreNoObjects) {
    const auto page = decode_rows(sink_of({column("id")}), R"([1,"x",null,[],{"id":1}])");
    EXPECT_EQ(page.stored, 1);
    EXPECT_EQ(page.bad.size(), 4U);
    EXPECT_EQ(page.bad[1].payload, "\"x\"");
}

TEST(Columns, ThatCannotWorkAreConfigFailures) {
    EXPECT_THROW(Decoder(sink_of({column("id", ColumnType::jsonb)}), {"", {}}), Failure);
    EXPECT_THROW(Decoder(sink_of({column("id", ColumnType::double_precision)}), {"", {}}), Failure);
    EXPECT_THROW(Decoder(sink_of({column("id")}, {"other"}), {"", {}}), Failure);
    EXPECT_THROW(Decoder(sink_of({with(column("id"), [](auto& c) { c.from = "id"; })}), {"", {}}), Failure);
    EXPECT_THROW(
        Decoder(sink_of({column("id"), with(column("j", ColumnType::jsonb), [](auto& c) { c.strip = "x"; })}),
                {"", {}}),
        Failure);
}

}  // namespace
}  // namespace pagehaul::record
