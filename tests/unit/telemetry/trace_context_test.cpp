#include "telemetry/trace_context.h"

#include <gtest/gtest.h>

#include <set>

#include "manual_clock.h"

namespace pagehaul::telemetry {
namespace {

using namespace std::string_literals;
using pagehaul::testing::FixedRandom;

const std::string kText = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TraceParent kParent{.trace = {.high = 0x0af7651916cd43dd, .low = 0x8448eb211c80319c},
                          .span = 0xb7ad6b7169203331,
                          .sampled = true};

TEST(TraceParent, IsReadAndWritten) {
    EXPECT_EQ(parse_traceparent(kText), kParent);
    EXPECT_EQ(to_text(kParent), kText);
    EXPECT_EQ(hex(kParent.trace), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(hex(SpanId{0xab}), "00000000000000ab");
}

TEST(TraceParent, OnlyTheLastBitOfTheFlagsSaysSampled) {
    const auto flags = [](const std::string& two) {
        return parse_traceparent(kText.substr(0, 53) + two).value().sampled;
    };
    EXPECT_FALSE(flags("00"));
    EXPECT_TRUE(flags("03"));
    EXPECT_FALSE(flags("fe"));
}

TEST(TraceParent, ALaterVersionMayHaveMoreBehindWhatIsKnown) {
    EXPECT_EQ(parse_traceparent("cc" + kText.substr(2)), kParent);
    EXPECT_EQ(parse_traceparent("cc" + kText.substr(2) + "-what-the-future-brings"), kParent);
    EXPECT_FALSE(parse_traceparent("cc" + kText.substr(2) + ".what"));
    EXPECT_FALSE(parse_traceparent(kText + "-more")) << "version 00 has no more";
}

TEST(TraceParent, WhatIsNoneIsNothing) {
    for (const std::string& text :
         {std::string(), std::string("nonsense"), kText.substr(1), kText.substr(0, 54),
          "ff" + kText.substr(2), "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"s,
          "00-00000000000000000000000000000000-b7ad6b7169203331-01"s,
          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"s,
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333x-01"s,
          "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"s}) {
        EXPECT_FALSE(parse_traceparent(text)) << text;
    }
}

TEST(IdSource, HandsOutNoIdTwiceAndNeverZero) {
    FixedRandom random(0.25);
    IdSource ids(random);
    std::set<SpanId> seen{0};
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(seen.insert(ids.next()).second);
    for (std::int64_t key = 0; key < 1000; ++key) {
        const SpanId id = ids.of(key);
        EXPECT_TRUE(seen.insert(id).second);
        EXPECT_EQ(ids.of(key), id) << "the same for the same key";
    }
}

TEST(IdSource, SaysTheSameForTheSameChanceAndOtherThingsForAnother) {
    FixedRandom one(0.25), same(0.25), other(0.75);
    IdSource a(one), b(same), c(other);
    EXPECT_EQ(a.trace(), b.trace());
    EXPECT_EQ(a.next(), b.next());
    EXPECT_NE(a.trace(), c.trace());
    EXPECT_NE(a.next(), c.next());
    FixedRandom zero(0);
    EXPECT_NE(IdSource(zero).trace(), TraceId{});
}

TEST(Sampling, TakesItsShareOfThePages) {
    for (const double ratio : {0.0, 0.05, 0.5, 1.0}) {
        int taken = 0;
        for (std::int64_t page = 1; page <= 100'000; ++page)
            taken += is_sampled(12345, page, ratio) ? 1 : 0;
        EXPECT_NEAR(taken, ratio * 100'000, 500) << ratio;
    }
}

TEST(Sampling, DecidesAlikeForAPageInOneRunAndAnewInTheNext) {
    int differ = 0;
    for (std::int64_t page = 1; page <= 1000; ++page) {
        EXPECT_EQ(is_sampled(1, page, 0.5), is_sampled(1, page, 0.5));
        differ += is_sampled(1, page, 0.5) != is_sampled(2, page, 0.5) ? 1 : 0;
    }
    EXPECT_NEAR(differ, 500, 100);
}

}  // namespace
}  // namespace pagehaul::telemetry
