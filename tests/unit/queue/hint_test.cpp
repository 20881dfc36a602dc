#include "queue/hint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::queue {
namespace {

using ::testing::HasSubstr;

const Hint hint{.pipeline = "orders", .config = "ab12", .run = 7, .pages = {{.slice = 31, .no = 5}}};

TEST(Hint, IsReadAsItWasWritten) {
    EXPECT_EQ(write_hint(hint), R"({"v":1,"pipeline":"orders","config":"ab12","run":7,"slice":31,"page":5})");
    EXPECT_EQ(read_hint(write_hint(hint)), hint);
    Hint proof = hint;
    proof.pages = {{.slice = 31, .no = 0}};
    EXPECT_EQ(read_hint(write_hint(proof)), proof);
}

TEST(Hint, SaysWhichLedgerItIsOf) {
    Hint of_one = hint;
    of_one.ledger = "0f3c";
    EXPECT_EQ(write_hint(of_one),
              R"({"v":1,"pipeline":"orders","config":"ab12","ledger":"0f3c","run":7,"slice":31,"page":5})");
    EXPECT_EQ(read_hint(write_hint(of_one)), of_one);
    EXPECT_TRUE(is_of(of_one, "orders", "0f3c"));
    EXPECT_FALSE(is_of(of_one, "orders", "77aa"));
    EXPECT_FALSE(is_of(of_one, "refunds", "0f3c"));
    EXPECT_TRUE(is_of(hint, "orders", "77aa")) << "an older program's does not say";
}

TEST(Hint, OfSeveralPagesHasTheFirstWhereAnOlderVersionReadsItAndTheOthersBesideIt) {
    Hint several = hint;
    several.pages = {{.slice = 31, .no = 5}, {.slice = 31, .no = 6}, {.slice = 32, .no = 0}};
    EXPECT_EQ(
        write_hint(several),
        R"({"v":1,"pipeline":"orders","config":"ab12","run":7,"slice":31,"page":5,"more":[[31,6],[32,0]]})");
    EXPECT_EQ(read_hint(write_hint(several)), several);
}

TEST(Hint, OfMorePagesThanAnybodyWritesIsNone) {
    Hint many = hint;
    many.pages.assign(most_pages_of_a_hint, {.slice = 31, .no = 5});
    EXPECT_EQ(read_hint(write_hint(many)), many);
    many.pages.push_back({.slice = 31, .no = 5});
    EXPECT_FALSE(read_hint(write_hint(many)));
}

TEST(Hint, OfANextVersionMayHoldMore) {
    EXPECT_EQ(
        read_hint(R"({"v":1,"priority":3,"pipeline":"orders","config":"ab12","run":7,"slice":31,"page":5})"),
        hint);
}

struct Unreadable {
    const char* body;
    const char* expected;
};

class UnreadableHint : public ::testing::TestWithParam<Unreadable> {};

TEST_P(UnreadableHint, IsToldWhatWasExpected) {
    const auto read = read_hint(GetParam().body);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::data);
    EXPECT_THAT(read.error().message, HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Messages, UnreadableHint,
    ::testing::Values(
        Unreadable{"", "a JSON object"}, Unreadable{"[1]", "a JSON object"}, Unreadable{"{", "a JSON object"},
        Unreadable{"{}", "version 1 in v"},
        Unreadable{R"({"v":2,"pipeline":"o","config":"a","run":1,"slice":1,"page":1})", "version 1 in v"},
        Unreadable{R"({"v":"1"})", "version 1 in v"},
        Unreadable{R"({"v":1,"config":"a","run":1,"slice":1,"page":1})", "the names of a pipeline"},
        Unreadable{R"({"v":1,"pipeline":"o","config":7,"run":1,"slice":1,"page":1})", "and a config"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":0,"slice":1,"page":1})",
                   "the numbers of a run"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1.5,"page":1})",
                   "a slice and a page"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1,"page":-1})", "and a page"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1,"page":1,"more":7})",
                   "pairs of a slice and a page in more"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1,"page":1,"more":[[1]]})",
                   "pairs of a slice and a page in more"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1,"page":1,"more":[[1,2],[0,3]]})",
                   "pairs of a slice and a page in more"},
        Unreadable{R"({"v":1,"pipeline":"o","config":"a","run":1,"slice":1,"page":1,"more":[[1,-2]]})",
                   "pairs of a slice and a page in more"}));

}  // namespace
}  // namespace pagehaul::queue
