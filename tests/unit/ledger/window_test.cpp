// src/ledger/README.md, "Numbered pages without a total".
#include "ledger/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::ledger {
namespace {

const Policy kTens{
    .page_size = 10, .total = Policy::Known::nothing, .quarantine_rows = {}, .quarantine_fraction = {}};

template <class Step>
Step step_of(const Window& window, const Policy& policy = kTens) {
    const WindowStep step = judge_window(policy, window);
    if (const auto* right = std::get_if<Step>(&step)) return *right;
    ADD_FAILURE() << "another step, number " << step.index();
    return {};
}

Window pages_with_rows(std::int64_t count) {
    Window window;
    window.highest = window.last_with_rows.emplace(count);
    return window;
}

TEST(JudgeWindow, TwoEmptyPagesInARowAreTheEndAndOneIsNot) {
    Window window = pages_with_rows(13);
    window.highest = window.first_empty.emplace(14);
    EXPECT_EQ(step_of<Extend>(window).to, 15);
    window.highest = 15;
    EXPECT_EQ(step_of<EndFound>(window).planned, 13);
}

TEST(JudgeWindow, TheTwoPagesBehindAShortOneAreAskedForAndNoMore) {
    Window window = pages_with_rows(13);
    window.first_short = 13;
    EXPECT_EQ(step_of<Extend>(window).to, 15);
    window.highest = 15;
    window.unfinished = 2;
    step_of<Wait>(window);
}

TEST(JudgeWindow, RowsBehindAnEmptyOrShortPageMeanThatTheApiMoved) {
    Window window = pages_with_rows(13);
    window.first_empty = 12;
    EXPECT_EQ(step_of<EndMoved>(window).why, "page 13 has rows after page 12 had none");
    window.first_empty.reset();
    window.first_short = 12;
    EXPECT_THAT(step_of<EndMoved>(window).why, ::testing::HasSubstr("page 12 brought fewer rows"));
    window.unfinished = 1;
    step_of<Wait>(window);
}

TEST(JudgeWindow, WhileAPageHasFailedNobodyKnowsTheEnd) {
    Window window = pages_with_rows(13);
    window.highest = 15;
    window.failed = 1;
    window.first_failed = 14;
    step_of<Wait>(window);
}

TEST(JudgeWindow, APageThatFailedBehindAnEmptyOneOnlyLeavesTheEndUnconfirmed) {
    Window window = pages_with_rows(13);
    window.highest = 15;
    window.first_empty = 14;
    window.failed = 1;
    window.first_failed = 15;
    EXPECT_EQ(step_of<EndFound>(window).planned, 13);
    window.first_failed = 12;
    step_of<Wait>(window);
    window.first_failed = 15;
    window.last_with_rows = 16;
    step_of<EndMoved>(window);
}

TEST(JudgeWindow, GrowsBeforeItsWorkersRunDry) {
    Window window = pages_with_rows(40);
    window.highest = 60;
    window.unfinished = window_low_water;
    step_of<Wait>(window);
    --window.unfinished;
    EXPECT_EQ(step_of<Extend>(window).to, 120);
    window.highest = 600;
    EXPECT_EQ(step_of<Extend>(window).to, 664) << "by 64 at most";
}

TEST(JudgeWindow, EndsAtMaxPagesAndTheTwoEmptyOnes) {
    Policy few = kTens;
    few.max_pages = 20;
    Window window = pages_with_rows(20);
    EXPECT_EQ(step_of<Extend>(window, few).to, 22);
    window.highest = window.last_with_rows.emplace(22);
    EXPECT_THAT(step_of<EndRefused>(window, few).why, ::testing::HasSubstr("max_pages allows 20 pages"));
}

}  // namespace
}  // namespace pagehaul::ledger
