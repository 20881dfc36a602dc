#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <functional>

#include "fixture.h"

namespace pagehaul::config {
namespace {

constexpr int kSome = 20'000;
constexpr int kMany = 4 * kSome;  // nearly as many as fit into a file

/// CPU time of loading a config of so many keys or values. Not of the wall: the machine may be busy.
double cost_of(const std::function<void(int)>& load, int count) {
    const std::clock_t began = std::clock();
    load(count);
    return static_cast<double>(std::clock() - began);
}

/// Four times as many cost four times as much, and sixteen times where each is compared with all others.
void expect_linear(const std::function<void(int)>& load) {
    EXPECT_LT(cost_of(load, kMany), 7 * cost_of(load, kSome));
}

std::string times(int count, const std::function<std::string(int)>& item) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += item(i);
    return text;
}

TEST(Cost, OfAListOnOneLineGrowsWithItsLength) {
    expect_linear([](int count) {
        const auto config =
            Fixture().load(minimal("  slices: {id: [first" +
                                   times(count, [](int i) { return ", k" + std::to_string(i); }) + "]}\n"));
        ASSERT_TRUE(config) << config.error().front().line();
        const auto& values = std::get<ListDimension>(config->source.slices.at(0).values).values;
        EXPECT_EQ(values.size(), static_cast<std::size_t>(count) + 1);
    });
}

TEST(Cost, OfUnknownKeysGrowsWithTheirNumber) {
    expect_linear([](int count) {
        const auto config =
            Fixture().load(minimal() + times(count, [](int i) { return "k" + std::to_string(i) + ": 1\n"; }));
        EXPECT_EQ(config.error().size(), static_cast<std::size_t>(count));
    });
}

TEST(Cost, OfADictionaryGrowsWithItsSize) {
    expect_linear([](int count) {
        const auto config = Fixture().load(
            "pipeline: p\nsource: {base_url: http://api.test, records: /rows, request: {path: /rows, query: "
            "{page: \"{{ page.number }}\"" +
            times(count, [](int i) { return ",\nk" + std::to_string(i) + ": 1"; }) +
            "}}}\nsink: {dsn: postgres://db/app, table: t, key: [id], columns: [{name: id, type: text}]}\n");
        ASSERT_TRUE(config) << config.error().front().line();
        EXPECT_EQ(config->source.request.query.size(), static_cast<std::size_t>(count) + 1);
    });
}

TEST(Cost, OfNullsGrowsWithTheirNumber) {
    expect_linear([](int count) {
        const auto config =
            Fixture().load(minimal("  slices: {id: [~" + times(count, [](int) { return ", ~"; }) + "]}\n"));
        EXPECT_GT(config.error().size(), static_cast<std::size_t>(count));
    });
}

TEST(Cost, OfFaultyItemsOfAListGrowsWithTheirNumber) {
    expect_linear([](int count) {
        const auto config = Fixture().load(
            minimal("  response: {rules: [{}" + times(count, [](int) { return ",\n{x: 1}"; }) + "]}\n"));
        EXPECT_GT(config.error().size(), static_cast<std::size_t>(count));
    });
}

}  // namespace
}  // namespace pagehaul::config
