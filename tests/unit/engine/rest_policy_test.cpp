#include "engine/rest_policy.h"

#include <gtest/gtest.h>

#include <ostream>

namespace pagehaul::engine {

void PrintTo(const RestStep& step, std::ostream* out) {
    static constexpr const char* names[] = {"go on", "over", "taken over", "the lock stays busy",
                                            "slices stay locked"};
    *out << names[step.index()];
    if (const auto* more = std::get_if<GoOn>(&step); more != nullptr && more->at_once) *out << " at once";
}

namespace {

using ledger::RunState;
using ledger::RunStatus;

constexpr Millis lock_patience{40'000};
const RestStep kGoOn = GoOn{};
const RestStep kAtOnce = GoOn{.at_once = true};
const RestStep kOver = Over{};

class RestPolicy : public ::testing::Test {
  protected:
    RestStep poll(const RunState& state, bool nothing_here = true) {
        return judge_rest(rest, {.state = state, .nothing_here = nothing_here, .now = now}, lock_patience);
    }

    Rest rest;
    MonoTime now{std::chrono::hours(1000)};
};

RunState running(std::int64_t open, std::int64_t pending = 0, std::int64_t leased = 0) {
    RunState state;
    state.slices_open = open;
    state.pages_pending = pending;
    state.pages_leased = leased;
    return state;
}

TEST_F(RestPolicy, ATerminalRunEndsWhateverIsInHand) {
    RunState state = running(1, 5, 5);
    state.status = RunStatus::succeeded;
    EXPECT_EQ(poll(state, false), kOver);
    state.status = RunStatus::superseded;
    EXPECT_EQ(poll(state, false), RestStep{TakenOver{}});
}

TEST_F(RestPolicy, AHelperLeavesWhenItHasHadNothingForLongAndOthersAreThere) {
    std::optional<MonoTime> since;
    const auto idle = [&](Nanos after, const RunState& state, bool nothing_here) {
        return may_leave(since, {.state = state, .nothing_here = nothing_here, .now = now + after},
                         std::chrono::seconds(30));
    };
    RunState beside = running(1, 0, 5);
    beside.other_workers = 1;
    EXPECT_FALSE(idle(Millis{0}, beside, true));
    EXPECT_FALSE(idle(std::chrono::seconds(29), beside, true));
    EXPECT_FALSE(idle(std::chrono::seconds(31), running(1, 0, 5), true))
        << "nobody else would finish the run";
    EXPECT_TRUE(idle(std::chrono::seconds(31), beside, true));
    EXPECT_FALSE(idle(std::chrono::seconds(32), beside, false));
    EXPECT_FALSE(idle(std::chrono::seconds(33), beside, true)) << "it begins anew";
    std::optional<MonoTime> never;
    EXPECT_FALSE(may_leave(never, {.state = beside, .nothing_here = true, .now = now}, std::nullopt));
}

TEST_F(RestPolicy, ARunWithPagesToPullGoesOn) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(poll(running(1, 1, 0)), kGoOn);
        EXPECT_EQ(poll(running(1, 0, 1)), kGoOn);
        EXPECT_EQ(poll(running(1), false), kGoOn) << "an outcome is to be recorded";
    }
}

TEST_F(RestPolicy, AFailedSliceEndsItAfterTwoPollsAtRestTheSecondAtOnce) {
    RunState state = running(0);
    state.slices_failed = 1;
    EXPECT_EQ(poll(state), kAtOnce) << "pages may have been committed while the first poll looked";
    EXPECT_EQ(poll(state), kOver);
}

TEST_F(RestPolicy, SoDoFailedPagesOfASliceThatStaysOpen) {
    RunState unavailable = running(1);
    unavailable.pages_unavailable = 1;
    EXPECT_EQ(poll(unavailable), kAtOnce);
    EXPECT_EQ(poll(unavailable), kOver);
    rest = {};
    RunState refused = running(1);
    refused.pages_refused = 1;
    EXPECT_EQ(poll(refused), kAtOnce);
    EXPECT_EQ(poll(refused), kOver);
}

TEST_F(RestPolicy, AndKeysThatAreNotUniqueAcrossSlices) {
    RunState state = running(0);
    state.key_overlap = "slices a and b";
    EXPECT_EQ(poll(state), kAtOnce);
    EXPECT_EQ(poll(state), kOver);
}

TEST_F(RestPolicy, WorkInBetweenBeginsTheCountAnew) {
    RunState state = running(0);
    state.slices_failed = 1;
    EXPECT_EQ(poll(state), kAtOnce);
    EXPECT_EQ(poll(running(0, 1)), kGoOn);
    EXPECT_EQ(poll(state), kAtOnce);
    EXPECT_EQ(poll(state), kOver);
}

TEST_F(RestPolicy, OpenSlicesThatNothingExplainsAreWaitedForTwentyFivePolls) {
    EXPECT_EQ(poll(running(2)), kAtOnce);
    EXPECT_EQ(poll(running(1)), kAtOnce) << "a slice was concluded meanwhile: that is progress";
    for (int i = 2; i < 25; ++i)
        EXPECT_EQ(poll(running(1)), kGoOn) << i;
    EXPECT_EQ(poll(running(1)), kOver);
}

TEST_F(RestPolicy, SlicesThatALivePeerHoldsLockedAreNoBug) {
    RunState state = running(1);
    state.slices_locked = 1;
    state.other_workers = 1;
    for (int i = 0; i < 100; ++i) {
        now += Millis{1'000};
        EXPECT_EQ(poll(state), kGoOn);
    }
    EXPECT_EQ(poll(running(1)), kAtOnce) << "and their polls at rest are none";
}

TEST_F(RestPolicy, SlicesThatADeadOneHoldsLockedAreWaitedForUntilItIsEndedAndNoLonger) {
    RunState state = running(1);
    state.slices_locked = 1;
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(poll(state), kGoOn);
    now += lock_patience - Millis{1};
    EXPECT_EQ(poll(state), kGoOn);
    now += Millis{1};
    EXPECT_EQ(poll(state), RestStep{SlicesBusy{}});
}

TEST_F(RestPolicy, ASliceThatIsLetGoMeanwhileBeginsTheWaitAnew) {
    RunState state = running(2);
    state.slices_locked = 1;
    EXPECT_EQ(poll(state), kGoOn);
    now += lock_patience - Millis{1};
    state.slices_open = 1;
    EXPECT_EQ(poll(state), kGoOn);
    now += Millis{1};
    EXPECT_EQ(poll(state), kGoOn);
}

TEST_F(RestPolicy, WhenAllIsProvenTheLockIsWaitedForAndNoLonger) {
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(poll(running(0)), kGoOn);
    now += lock_patience - Millis{1};
    EXPECT_EQ(poll(running(0)), kGoOn);
    now += Millis{1};
    EXPECT_EQ(poll(running(0)), RestStep{LockBusy{}});
}

TEST_F(RestPolicy, WhoCountsTheKeysElsewhereIsWaitedForHoweverLong) {
    RunState counted = running(0);
    counted.finalised_elsewhere = true;
    EXPECT_EQ(poll(running(0)), kGoOn);
    now += lock_patience * 3;
    EXPECT_EQ(poll(counted), kGoOn);
    EXPECT_EQ(poll(running(0)), kGoOn) << "the lock may be busy from now on";
    now += lock_patience;
    EXPECT_EQ(poll(running(0)), RestStep{LockBusy{}});
}

TEST_F(RestPolicy, LeasesThatNobodyHereKnowsOfAreGivenBack) {
    const auto unknown = [&](const RunState& state, bool nothing_here) {
        return holds_unknown({.state = state, .nothing_here = nothing_here, .now = now});
    };
    EXPECT_TRUE(unknown(running(1, 0, 3), true));
    EXPECT_FALSE(unknown(running(1, 0, 3), false)) << "they are in our hands";
    EXPECT_FALSE(unknown(running(1, 3, 0), true));
    RunState over = running(0, 0, 3);
    over.status = RunStatus::superseded;
    EXPECT_FALSE(unknown(over, true)) << "they are another run's";
}

}  // namespace
}  // namespace pagehaul::engine
