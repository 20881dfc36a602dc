#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoding.h"

namespace pagehaul::record {
namespace {

using Type = Scalar::Type;

Result<DecodedPage> read(const std::string& body, const std::string& records,
                         const std::vector<std::string>& pointers) {
    Decoder decoder(sink_of({column("id")}), {records, pointers});
    return decode(decoder, body);
}

TEST(Envelope, IsReadBeforeAndAfterTheRecords) {
    for (const char* body :
         {R"({"code":0,"data":{"list":[{"id":1}],"total":7}})",
          R"({"data":{"total":7,"list":[{"id":1}]},"code":0})",
          "{ \"data\" :\n{\"x\":[[]],\"list\": [ {\"id\" : 1 } ] ,\"total\": 7 }\t,\"code\":0 }\n"}) {
        const auto page = read(body, "/data/list", {"/data/total", "/code"});
        ASSERT_TRUE(page) << body << page.error().text();
        EXPECT_EQ(page->envelope[0].text, "7");
        EXPECT_EQ(page->envelope[1].text, "0");
        EXPECT_EQ(page->copy, "0\t1\n") << body;
    }
}

TEST(Envelope, TellsTypesApart) {
    const auto page = read(R"({"a":null,"b":true,"c":-1.50e2,"d":"x\u0041\n","e":{},"f":[]})", "/none",
                           {"/a", "/b", "/c", "/d", "/e", "/f", "/g"});
    ASSERT_TRUE(page);
    EXPECT_FALSE(page->has_records);
    std::vector<Type> types;
    for (const auto& scalar : page->envelope)
        types.push_back(scalar.type);
    EXPECT_THAT(types, testing::ElementsAre(Type::null, Type::boolean, Type::number, Type::string,
                                            Type::container, Type::container, Type::missing));
    EXPECT_EQ(page->envelope[1].text, "true");
    EXPECT_EQ(page->envelope[2].text, "-1.50e2");
    EXPECT_EQ(page->envelope[3].text, "xA\n");
}

TEST(Envelope, FollowsIndexesEscapesAndPointersIntoTheRecords) {
    const auto page = read(R"({"a/b":{"m~n":5},"l":[{"id":3},{"id":4}],"k\u0065y":6})", "/l",
                           {"/a~1b/m~0n", "/l/1/id", "/l", "/key", "/l/2/id", ""});
    ASSERT_TRUE(page) << page.error().text();
    EXPECT_EQ(page->envelope[0].text, "5");
    EXPECT_EQ(page->envelope[1].text, "4");
    EXPECT_EQ(page->envelope[2].type, Type::container);
    EXPECT_EQ(page->envelope[3].text, "6");
    EXPECT_EQ(page->envelope[4].type, Type::missing);
    EXPECT_EQ(page->envelope[5].type, Type::container);
    EXPECT_EQ(page->stored, 2);
}

TEST(Envelope, FillsEqualPointersAlike) {
    const auto page = read(R"({"code":3})", "/l", {"/code", "/code"});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->envelope[0].text, "3");
    EXPECT_EQ(page->envelope[1].text, "3");
}

TEST(Envelope, HasNoRecordsWhereThePointerNamesAnotherThing) {
    for (const char* body : {R"({"l":null})", R"({"l":{"0":1}})", R"({"m":[]})", R"("text")", "12", "null"}) {
        const auto page = read(body, "/l", {});
        ASSERT_TRUE(page) << body << page.error().text();
        EXPECT_FALSE(page->has_records) << body;
    }
}

TEST(Envelope, TakesAnEmptyArrayForAPageWithoutRows) {
    const auto page = read(R"({"l":[ ]})", "/l", {});
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->has_records);
    EXPECT_EQ(page->fetched, 0);
    EXPECT_EQ(page->copy, "");
}

TEST(Envelope, RefusesAKeyGivenTwice) {
    for (const char* body : {R"({"l":[{"id":1}],"l":[{"id":2}]})", R"({"code":1,"l":[],"code":2})"}) {
        const auto page = read(body, "/l", {"/code"});
        ASSERT_FALSE(page) << body;
        EXPECT_EQ(page.error().kind, ErrorKind::data);
    }
}

class CutShort : public testing::TestWithParam<const char*> {};
TEST_P(CutShort, DocumentIsATransientFailure) {
    const auto page = read(GetParam(), "/l", {"/code"});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::transient) << page.error().message;
}
INSTANTIATE_TEST_SUITE_P(Documents, CutShort,
                         testing::Values("{", R"({"l":[{"id":1})", R"({"l":[{"id":1}])", R"({"l":[{"id":1},)",
                                         R"({"l":[{"id":1)", R"({"l":[{"id")", R"({"l":[{"id":)",
                                         R"({"l":[{"id":1.)", R"({"l":[{"id":-)", R"({"l":[{"id":1e+)",
                                         R"({"l":[{"id":fals)", R"({"x":"open)", "{\"x\":\"\xC3", "[1,2",
                                         "\"", R"({"x":1,"y")"));

class Broken : public testing::TestWithParam<const char*> {};
TEST_P(Broken, DocumentIsWhatNoRestMakesWhole) {
    const auto page = read(GetParam(), "/l", {"/code"});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::permanent) << page.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    Documents, Broken,
    testing::Values("", "   ", R"({"l":[]}})", R"({"l":[]} x)", R"({"l":[]}{"l":[]})",
                    R"({"l":[{"id":1 2}]})", R"({"l":[{"id":01}]})", R"({"l":[{"id":+1}]})",
                    R"({"l":[{"id":1.}]})", R"({"l":[{"id":nul}]})", R"({"l":[{"id":truex}]})",
                    R"({"l":[{"id":1}{"id":2}]})", R"({"l":[{"id":1},]})", R"({"l":[{"id":1,}]})",
                    R"({"l":[{"id" 1}]})", R"({"l":[{id:1}]})", R"({"l":[{1:1}]})", R"({"l":[{"id":1]}])",
                    R"({"x":[1,{"y":[}]})", R"({"x":"\q"})", R"({"x":"\u12g4"})", R"({"x":NaN})",
                    R"({"x":'a'})", R"({"x":12"a"})", R"({"x":"a"b})", "{\"x\":\"\xff\"}", "{\"x\":\"a\nb\"}",
                    "<html></html>", "<a href=\"x", "]", ",", ":", "\\", R"({"x":1,"y"})"));

TEST(Envelope, SkipsAByteOrderMark) {
    const auto page = read("\xEF\xBB\xBF{\"l\":[]}", "/l", {});
    EXPECT_TRUE(page && page->has_records);
}

TEST(Envelope, BoundsTheDepth) {
    const std::string deep(1'000'000, '[');
    EXPECT_FALSE(read(deep, "/l", {}));
    EXPECT_FALSE(read("{\"l\":" + deep + "}", "/l", {}));
    EXPECT_FALSE(read("{\"l\":[{\"id\":" + deep + "}]}", "/l", {}));
    EXPECT_TRUE(read(std::string(900, '[') + std::string(900, ']'), "/l", {}));
}

TEST(Envelope, FailsAtEveryCutOfAGoodDocument) {
    const std::string body =
        R"({"code":0,"data":{"list":[{"id":1,"x":"\u00e9é"},{"id":2,"y":[true,null]}],"total":2}})";
    for (std::size_t size = 1; size < body.size(); ++size) {
        const auto page = read(body.substr(0, size), "/data/list", {"/code"});
        ASSERT_FALSE(page) << body.substr(0, size);
        EXPECT_EQ(page.error().kind, ErrorKind::transient) << body.substr(0, size) << page.error().message;
    }
}

TEST(Envelope, NamesThePlaceOfAMistake) {
    const auto told = [](const std::string& body) { return read(body, "/l", {}).error().message; };
    EXPECT_EQ(told(R"({"l":[],"x":tru})"), "the body is not JSON at byte 12: expected a value, not tru");
    EXPECT_EQ(told(R"({"x":NaN,"l":[]})"), "the body is not JSON at byte 5: expected a value, not NaN");
    EXPECT_EQ(told("{\"id\":1}\n{\"id\":2}\n"),
              "the body is not JSON at byte 9: expected the end of the document, not {\"id\":2}");
    EXPECT_EQ(told("{\"x\":\"caf\xE9 au lait\"}"),
              "the body is not JSON at byte 9: expected UTF-8, not byte 0xE9");
    EXPECT_EQ(told(std::string("\xFF\xFE{\0", 4)),
              "the body is not JSON at byte 0: expected a value, not byte 0xFF");
    EXPECT_EQ(told("\n<!doctype html>\n"), "the body is not JSON at byte 1: expected a value, not <!doctype");
    EXPECT_EQ(told("{\"x\":\"a\tb\"}"),
              "the body is not JSON at byte 7: expected no control character in a string, not byte 0x09");
    EXPECT_EQ(told(R"({"x":"\q"})"),
              "the body is not JSON at byte 6: expected a known escape in a string, not \\q\"");
    EXPECT_EQ(told(R"({"l":[])"), "the body ends too soon: expected ',' or '}'");
    EXPECT_EQ(told(""), "the body is empty");
    EXPECT_EQ(told("[1, x" + std::string(100, 'y') + "]"),
              "the body is not JSON at byte 4: expected a value, not x" + std::string(23, 'y') + "…");
}

TEST(Envelope, RefusesWhatIsNoPointer) {
    EXPECT_THROW(Decoder(sink_of({column("id")}), {"data", {}}), Failure);
    EXPECT_THROW(Decoder(sink_of({column("id")}), {"/data", {"/a~2"}}), Failure);
}

}  // namespace
}  // namespace pagehaul::record
