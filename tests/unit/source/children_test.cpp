#include "source/children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using config::Dimension;
using config::ListDimension;
using config::ParentDimension;
using ::testing::ElementsAre;

config::Stream orders() {
    return {.name = "orders", .source = {}, .sink = {}};
}

config::Stream made_by_orders(const std::string& name, std::vector<Dimension> dimensions) {
    config::Stream stream{.name = name, .source = {}, .sink = {}, .parent = "orders"};
    stream.source.slices = std::move(dimensions);
    return stream;
}

Dimension from(const std::string& name, const std::string& pointer) {
    return {.name = name, .values = ParentDimension{.stream = "orders", .from = pointer}};
}

std::vector<std::string> keys(const Result<std::vector<Slice>>& slices) {
    std::vector<std::string> keys;
    if (!slices) return {slices.error().message};
    for (const Slice& slice : *slices)
        keys.push_back(slice.key);
    return keys;
}

const Slice kOrders{
    .key = "orders/day=1", .params = {{"day", {.text = "1", .is_number = true}}}, .stream = "orders"};

TEST(Children, ARecordMakesASliceOfEachStreamThatItIsTheParentOf) {
    const std::vector<config::Stream> streams{orders(), made_by_orders("items", {from("order", "/id")}),
                                              made_by_orders("notes", {from("order", "/id")})};
    const Children children(streams, streams[0]);
    ASSERT_FALSE(children.empty());
    EXPECT_TRUE(Children(streams, streams[1]).empty());
    // The row's place, a value for each stream as JSON, and both as text.
    EXPECT_THAT(keys(children.slices(kOrders, "0\t7\t7\t7\t7\n1\t8\t8\t8\t8\n")),
                ElementsAre("items/order=7", "notes/order=7", "items/order=8", "notes/order=8"));
}

TEST(Children, AValueKeepsItsTypeAndSignsThatSeparateKeysAreEscaped) {
    const std::vector<config::Stream> streams{orders(), made_by_orders("items", {from("order", "/id")})};
    const Children children(streams, streams[0]);
    const auto slices = children.slices(kOrders, "0\t7\t7\n1\t\"a,b\"\ta,b\n");
    ASSERT_TRUE(slices);
    EXPECT_TRUE(slices->at(0).params.at(0).second.is_number);
    EXPECT_FALSE(slices->at(1).params.at(0).second.is_number);
    EXPECT_EQ(slices->at(1).params.at(0).second.text, "a,b");
    EXPECT_EQ(slices->at(1).key, "items/order=a%2Cb");
}

TEST(Children, ListsMultiplyAndTheParentsOwnValuesGoDown) {
    const std::vector<config::Stream> streams{
        orders(), made_by_orders("items", {from("order", "/id"),
                                           {.name = "day",
                                            .values = ParentDimension{.stream = "orders", .slice = "day"}},
                                           {.name = "kind", .values = ListDimension{{{"a"}, {"b"}}}}})};
    const Children children(streams, streams[0]);
    EXPECT_THAT(keys(children.slices(kOrders, "0\t7\t7\n")),
                ElementsAre("items/day=1,kind=a,order=7", "items/day=1,kind=b,order=7"));
}

TEST(Children, WhatIsNoTextAndNoNumberMakesNoSliceAndSaysSo) {
    const std::vector<config::Stream> streams{orders(), made_by_orders("items", {from("order", "/id")})};
    const Children children(streams, streams[0]);
    for (const std::string value : {"\\N", "{}", "[1]"})
        EXPECT_THAT(
            keys(children.slices(kOrders, "0\t" + value + "\tx\n")),
            ElementsAre("a record has no text or number at \"/id\", which makes the slices of stream items"))
            << value;
}

}  // namespace
}  // namespace pagehaul::source
