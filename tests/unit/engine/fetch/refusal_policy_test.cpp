#include "engine/fetch/refusal_policy.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;

TEST(AfterRefusal, OfTheLastOneEndsTheRunAtOnce) {
    EXPECT_EQ(after_refusal(true, seconds(0), OthersNow{}), AfterRefusal::run);
    EXPECT_EQ(after_refusal(false, seconds(0), OthersNow{.all = 3, .refused = 3}), AfterRefusal::run);
}

TEST(AfterRefusal, WhileOthersGoOnAMountedSecretIsWaitedFor) {
    const OthersNow others{.all = 3, .refused = 2};
    EXPECT_EQ(after_refusal(true, seconds(149), others), AfterRefusal::wait);
    EXPECT_EQ(after_refusal(true, seconds(150), others), AfterRefusal::alone);
}

TEST(AfterRefusal, WhileOthersGoOnOneOfTheEnvironmentIsNot) {
    const OthersNow others{.all = 1, .refused = 0};
    EXPECT_EQ(after_refusal(false, seconds(4), others), AfterRefusal::wait)
        << "they may be refused in a moment";
    EXPECT_EQ(after_refusal(false, seconds(5), others), AfterRefusal::alone);
}

TEST(AfterRefusal, WithoutAnAnswerOfTheLedgerNobodyIsKnownToGoOn) {
    EXPECT_EQ(after_refusal(false, seconds(4), std::nullopt), AfterRefusal::wait);
    EXPECT_EQ(after_refusal(false, seconds(5), std::nullopt), AfterRefusal::run);
}

TEST(Refusal, WhatWasHeardBeforeItWasSaidIsNoAnswer) {
    Refusal refusal;
    EXPECT_EQ(refusal.others()->all, 0) << "nobody carries it: a process on its own";
    refusal.carried();
    refusal.heard(false, {.all = 2, .refused = 0});
    refusal.say(true);
    EXPECT_FALSE(refusal.others());
    refusal.heard(false, {.all = 2, .refused = 0});
    EXPECT_FALSE(refusal.others()) << "a heartbeat that was under way";
    refusal.heard(true, {.all = 2, .refused = 1});
    EXPECT_EQ(refusal.others()->refused, 1);
}

}  // namespace
}  // namespace pagehaul::engine
