// Records that are no plain list: one object, a map, elements of elements, a line each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoding.h"

namespace pagehaul::record {
namespace {

using config::RecordShape;
using ::testing::HasSubstr;

config::Column key_column() {
    config::Column out = column("key", config::ColumnType::text);
    out.from_key = true;
    out.from.clear();
    return out;
}

config::Column around(const std::string& name, const std::string& from) {
    config::Column out = column(name, config::ColumnType::text);
    out.from = from;
    return out;
}

DecodedPage read(const std::string& body, PageFormat format,
                 const config::Sink& sink = sink_of({column("id")})) {
    Decoder decoder(sink, format);
    ColumnValues values(sink.columns.size());
    auto page = decode(decoder, body, 0, values);
    if (!page) throw Failure(page.error());
    return std::move(*page);
}

TEST(OneObject, IsTheOneRecord) {
    const PageFormat format{.records = "/data", .pointers = {}, .shape = RecordShape::object};
    const DecodedPage page = read(R"({"data":{"id":7}})", format);
    EXPECT_EQ(page.copy, "0\t7\n");
    EXPECT_EQ(page.fetched, 1);
    EXPECT_TRUE(page.has_records);
    EXPECT_FALSE(page.instead.any());
}

TEST(OneObject, MayBeTheWholeResponse) {
    const PageFormat format{.records = "", .pointers = {}, .shape = RecordShape::object};
    EXPECT_EQ(read(R"({"id":7,"x":[1]})", format).copy, "0\t7\n");
}

TEST(OneObject, IsNoListAndAListIsNone) {
    const DecodedPage list =
        read(R"({"data":[{"id":7}]})", {.records = "/data", .pointers = {}, .shape = RecordShape::object});
    EXPECT_FALSE(list.has_records);
    EXPECT_EQ(list.instead.other, "an array");
    const DecodedPage object = read(R"({"data":{"id":7}})", {.records = "/data", .pointers = {}});
    EXPECT_FALSE(object.has_records);
    EXPECT_EQ(object.instead.other, "an object");
}

TEST(OneObject, ThatIsEmptyIsNoneWhereTheConfigSaysSo) {
    PageFormat format{.records = "/data", .pointers = {}, .shape = RecordShape::object};
    EXPECT_EQ(read(R"({"data":{}})", format).bad.size(), 1);
    format.empty_is_none = true;
    const DecodedPage page = read(R"({"data":{}})", format);
    EXPECT_TRUE(page.instead.empty_object);
    EXPECT_EQ(page.fetched, 0);
}

TEST(Nothing, IsToldApart) {
    const PageFormat format{.records = "/data/list", .pointers = {}};
    EXPECT_TRUE(read(R"({"data":{"list":null}})", format).instead.null);
    EXPECT_TRUE(read(R"({"data":{"list":{}}})", format).instead.empty_object);
    EXPECT_TRUE(read(R"({"data":{}})", format).instead.absent);
    EXPECT_TRUE(read(R"({"data":null})", format).instead.absent);
    EXPECT_EQ(read(R"({"data":{"list":"x"}})", format).instead.other, "a string");
}

TEST(AMap, HasItsKeysInAColumn) {
    const PageFormat format{.records = "/m", .pointers = {}, .shape = RecordShape::map};
    const config::Sink sink = sink_of({key_column(), column("id")}, {"key"});
    const DecodedPage page = read(R"({"m":{"a":{"id":1},"b\tc":{"id":1},"d":{"id":2}}})", format, sink);
    EXPECT_EQ(page.copy, "0\ta\t1\n1\tb\\tc\t1\n2\td\t2\n");
    EXPECT_EQ(page.duplicates, 0) << "equal records of other keys are others";
    EXPECT_EQ(read(R"({"m":{}})", format, sink).fetched, 0);
    EXPECT_TRUE(read(R"({"m":{}})", format, sink).has_records);
}

TEST(AMap, WithoutAKeyColumnMayHoldOneRecordTwice) {
    const PageFormat format{.records = "/m", .pointers = {}, .shape = RecordShape::map};
    const DecodedPage page = read(R"({"m":{"a":{"id":1},"b":{"id":1}}})", format);
    EXPECT_EQ(page.duplicates, 1);
}

TEST(AMap, WhoseKeysDifferThoughTheSinksDoNotIsAConflict) {
    const PageFormat format{.records = "/m", .pointers = {}, .shape = RecordShape::map};
    const config::Sink sink = sink_of({column("id"), key_column()}, {"id"});
    EXPECT_THAT(read(R"({"m":{"a":{"id":1},"b":{"id":1}}})", format, sink).key_conflict, HasSubstr("id=1"));
}

const char* const kOrders = R"({"orders":[{"id":1,"items":[{"id":10},{"id":11}],"day":"mon"},
    {"day":"tue","items":[],"id":2},{"day":"w\u0065d","items":[{"id":12}],"id":3}]})";

TEST(EachElement, HasItsRecordsWithFieldsOfItselfWhereverTheyStand) {
    const PageFormat format{.records = "/orders/*/items", .pointers = {}};
    const config::Sink sink = sink_of({column("id"), around("day", "../day"), around("order", "../id")});
    const DecodedPage page = read(kOrders, format, sink);
    EXPECT_EQ(page.copy, "0\t10\tmon\t1\n1\t11\tmon\t1\n2\t12\twed\t3\n");
    EXPECT_EQ(page.fetched, 3);
    EXPECT_FALSE(page.instead.any());
}

TEST(EachElement, MayBeOfAnObjectAndOfSeveralLevels) {
    const PageFormat format{.records = "/shops/*/orders/*/items", .pointers = {"/n"}};
    const config::Sink sink =
        sink_of({column("id"), around("shop", "../../name"), around("day", "../day")}, {"id"});
    const DecodedPage page = read(
        R"({"shops":{"x":{"name":"X","orders":[{"day":"mon","items":[{"id":1}]}]},
            "y":{"orders":[{"items":[{"id":2}],"day":"tue"}],"name":"Y"}},"n":5})",
        format, sink);
    EXPECT_EQ(page.copy, "0\t1\tX\tmon\n1\t2\tY\ttue\n");
    EXPECT_EQ(page.envelope[0].text, "5");
}

TEST(EachElement, ThatLacksTheRecordsIsNotTakenForOneWithoutAny) {
    const PageFormat format{.records = "/o/*/items", .pointers = {}};
    EXPECT_TRUE(read(R"({"o":[{"items":[{"id":1}]},{"x":1}]})", format).instead.absent);
    EXPECT_TRUE(read(R"({"o":[{"items":null}]})", format).instead.null);
    EXPECT_TRUE(read(R"({"o":[5]})", format).instead.absent);
    EXPECT_TRUE(read(R"({"o":null})", format).instead.null);
    EXPECT_TRUE(read(R"({"p":1})", format).instead.absent);
    EXPECT_TRUE(read(R"({"o":[]})", format).has_records);
    EXPECT_TRUE(read(R"({"o":{}})", format).has_records);
    EXPECT_EQ(read(R"({"o":"x"})", format).instead.other, "a string");
}

TEST(EachElement, MayBeTheRecordItself) {
    const PageFormat format{.records = "/o/*", .pointers = {}, .shape = RecordShape::object};
    EXPECT_EQ(read(R"({"o":{"a":{"id":1},"b":{"id":2}}})", format).copy, "0\t1\n1\t2\n");
    const PageFormat nested{.records = "/o/*/detail", .pointers = {}, .shape = RecordShape::object};
    EXPECT_EQ(read(R"({"o":[{"detail":{"id":1}},{"detail":{"id":2}}]})", nested).copy, "0\t1\n1\t2\n");
}

TEST(EachElement, GivenTwiceInOnePlaceIsRefused) {
    Decoder decoder(sink_of({column("id")}), {.records = "/o/*/items", .pointers = {}});
    EXPECT_FALSE(decode(decoder, R"({"o":[{"items":[],"items":[{"id":1}]}]})"));
}

TEST(EachElement, OfTwoParentsMakesTwoRecordsOfOneSpelling) {
    const PageFormat format{.records = "/o/*/items", .pointers = {}};
    const char* const body = R"({"o":[{"d":"a","items":[{"id":1}]},{"d":"b","items":[{"id":1}]}]})";
    EXPECT_EQ(read(body, format).duplicates, 1);
    const config::Sink by_id = sink_of({column("id"), around("d", "../d")}, {"id"});
    EXPECT_THAT(read(body, format, by_id).key_conflict, HasSubstr("id=1"));
    const config::Sink by_both = sink_of({column("id"), around("d", "../d")}, {"id", "d"});
    EXPECT_EQ(read(body, format, by_both).stored, 2);
}

TEST(EachElement, OutOfWhichAColumnReadsMustBeThere) {
    const config::Sink sink = sink_of({column("id"), around("d", "../d")}, {"id"});
    EXPECT_THROW(Decoder(sink, {.records = "/o", .pointers = {}}), Failure);
    const DecodedPage page =
        read(R"({"o":[{"items":[{"id":1}]}]})", {.records = "/o/*/items", .pointers = {}}, sink);
    ASSERT_EQ(page.bad.size(), 1);
    EXPECT_THAT(page.bad[0].reason, HasSubstr("column d: expected the field to be there"));
}

class Lines : public ::testing::Test {
  protected:
    PageFormat format{.records = "", .pointers = {"/code"}, .format = config::RecordFormat::ndjson};
};

TEST_F(Lines, AreARecordEach) {
    const DecodedPage page = read("{\"id\":1}\n{\"id\":2}\r\n\n{ \"id\" : 3 }\n", format);
    EXPECT_EQ(page.copy, "0\t1\n1\t2\n2\t3\n");
    EXPECT_TRUE(page.has_records);
    EXPECT_FALSE(page.instead.any());
}

TEST_F(Lines, OfABodyWithoutAnyAreNone) {
    for (const char* body : {"", "\n", " \r\n"}) {
        const DecodedPage page = read(body, format);
        EXPECT_TRUE(page.has_records);
        EXPECT_EQ(page.fetched, 0);
        EXPECT_EQ(page.envelope.size(), 1);
    }
}

TEST_F(Lines, TellOfAnErrorInTheFirst) {
    EXPECT_EQ(read("{\"code\": 5, \"msg\": \"no\"}\n", format).envelope[0].text, "5");
}

TEST_F(Lines, ThatAreNoneAreRefused) {
    Decoder decoder(sink_of({column("id")}), format);
    EXPECT_FALSE(decode(decoder, "{\"id\":1}{\"id\":2}"));
    EXPECT_FALSE(decode(decoder, "{\"id\":1}\n{\"id\":"));
    EXPECT_FALSE(decode(decoder, "{\"id\":1}\n]\n"));
}

TEST(TheLastRecord, IsKeptOfEveryShapeInTheOrderOfTheDocument) {
    const auto last = [](const std::string& body, PageFormat format) {
        format.keep_last = true;
        return read(body, format).last_record;
    };
    const PageFormat list{.records = "/data", .pointers = {}};
    EXPECT_EQ(last(R"({"data":[{"id":1},{"id":2}]})", list), R"({"id":2})");
    EXPECT_EQ(last(R"({"data":[{"id":1},{"id":1}]})", list), R"({"id":1})");
    EXPECT_EQ(last(R"({"data":[]})", list), "");
    EXPECT_EQ(read(R"({"data":[{"id":1}]})", list).last_record, "") << "only where it is asked for";
    EXPECT_EQ(last(R"({"data":{"a":{"id":1},"b":{"id":2}}})",
                   {.records = "/data", .pointers = {}, .shape = RecordShape::map}),
              R"({"id":2})");
    EXPECT_EQ(
        last(R"({"data":{"id":7}})", {.records = "/data", .pointers = {}, .shape = RecordShape::object}),
        R"({"id":7})");
    EXPECT_EQ(last(R"({"orders":[{"items":[{"id":1}]},{"items":[{"id":2}]},{"items":[]}]})",
                   {.records = "/orders/*/items", .pointers = {}}),
              R"({"id":2})");
    EXPECT_EQ(last("{\"id\":1}\n{\"id\":2}\n",
                   {.records = "", .pointers = {}, .format = config::RecordFormat::ndjson}),
              R"({"id":2})");
}

}  // namespace
}  // namespace pagehaul::record
