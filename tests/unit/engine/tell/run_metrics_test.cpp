#include "engine/tell/run_metrics.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::sys_days;

ledger::Policy policy(ledger::Policy::Known total, bool advisory = false) {
    ledger::Policy made;
    made.total = total;
    made.total_advisory = advisory;
    return made;
}

const ledger::Policy kRows = policy(ledger::Policy::Known::rows);

ledger::RunState two_slices() {
    ledger::RunState state;
    state.slices_open = 1;
    state.slices_proven = 1;
    state.slices_told = 2;
    state.slices_planned = 2;
    state.rows_told = 200;
    state.rows_stored = 95;
    state.rows_quarantined = 4;
    state.rows_duplicate = 1;
    state.pages_planned = 20;
    state.pages_done = 10;
    return state;
}

TEST(Completeness, IsTheShareOfTheRowsToldThatIsAccountedFor) {
    EXPECT_EQ(completeness(two_slices(), kRows), 0.5);
}

TEST(Completeness, IsOneWhenEveryRowIsAccountedFor) {
    ledger::RunState state = two_slices();
    state.rows_stored = 195;
    EXPECT_EQ(completeness(state, kRows), 1);
}

TEST(Completeness, ASliceWhoseTotalIsNotToldYetIsMissing) {
    ledger::RunState state = two_slices();
    state.slices_told = 1;
    state.rows_told = 100;
    EXPECT_EQ(completeness(state, kRows), 0.5);
    state.slices_told = 0;
    state.rows_told.reset();
    state.rows_stored = state.rows_quarantined = state.rows_duplicate = 0;
    EXPECT_EQ(completeness(state, kRows), 0);
}

TEST(Completeness, OfARunThatHasNoRowsIsOneOnceThatWasTold) {
    ledger::RunState state = two_slices();
    state.rows_told = 0;
    state.rows_stored = state.rows_quarantined = state.rows_duplicate = 0;
    EXPECT_EQ(completeness(state, kRows), 1);
}

TEST(Completeness, IsByPagesWhereNoExactRowsAreTold) {
    for (const ledger::Policy& told :
         {policy(ledger::Policy::Known::pages), policy(ledger::Policy::Known::nothing),
          policy(ledger::Policy::Known::rows, true)}) {
        ledger::RunState state = two_slices();
        EXPECT_EQ(completeness(state, told), 0.5);
        state.pages_done = 20;
        EXPECT_EQ(completeness(state, told), 1);
        state.slices_planned = 1;
        EXPECT_EQ(completeness(state, told), 0.5);
    }
}

TEST(Completeness, PagesBeyondAKnownEndDoNotHideASliceWithoutOne) {
    ledger::RunState state = two_slices();
    state.slices_planned = 1;
    state.pages_planned = 10;
    state.pages_done = 15;
    EXPECT_EQ(completeness(state, policy(ledger::Policy::Known::nothing)), 0.5);
}

TEST(Completeness, OfARunWithoutSlicesThereIsNone) {
    EXPECT_EQ(completeness(ledger::RunState{}, kRows), std::nullopt);
}

std::int64_t unix_of(int month, int day, int hour) {
    const WallTime at = sys_days{std::chrono::year{2026} / month / day} + std::chrono::hours(hour);
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

ledger::DaysOfRun day(int d, bool proven) {
    const std::string text = "2026-11-" + std::string(d < 10 ? "0" : "") + std::to_string(d);
    return {.planned_at = unix_of(11, 23, 3), .first = text, .last = text, .proven = proven};
}

config::Dimension dates(const std::string& name) {
    config::DateDimension days;
    days.zone = "Asia/Shanghai";
    return {.name = name, .values = days};
}
const config::Dimension kDate = dates("date");

std::optional<std::int64_t> watermark_of(const std::vector<ledger::DaysOfRun>& days) {
    const auto at = watermark(days, kDate);
    if (!at) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::seconds>(at->time_since_epoch()).count();
}

TEST(WatermarkOfARun, IsTheEndOfTheNewestCompleteDayInTheDimensionsZone) {
    EXPECT_EQ(watermark_of({day(20, true), day(21, true), day(22, false)}), unix_of(11, 21, 16));
    EXPECT_EQ(watermark_of({day(20, false)}), std::nullopt);
    EXPECT_EQ(watermark_of({}), std::nullopt);
}

TEST(WatermarkOfARun, ADayThatWentOnWhenItsRunWasPlannedIsNotComplete) {
    EXPECT_EQ(watermark_of({day(22, true), day(23, true)}), unix_of(11, 22, 16));
    ledger::DaysOfRun in_time = day(22, true);
    in_time.planned_at = unix_of(11, 22, 16);
    EXPECT_EQ(watermark_of({in_time}), unix_of(11, 22, 16));
    in_time.planned_at -= 1;
    EXPECT_EQ(watermark_of({in_time}), std::nullopt);
}

TEST(DateDimension, IsTheOnlyOneOrNone) {
    const config::Dimension list{.name = "region", .values = config::ListDimension{}};
    const config::Dimension signup = dates("signup");
    std::vector<config::Stream> streams(1);
    EXPECT_EQ(date_dimension(streams), nullptr);
    streams[0].source.slices = {list, kDate};
    ASSERT_NE(date_dimension(streams), nullptr);
    EXPECT_EQ(date_dimension(streams)->name, "date");
    streams.emplace_back();
    EXPECT_EQ(date_dimension(streams)->name, "date") << "a stream without days says nothing of them";
    streams[1].source.slices = {signup};
    EXPECT_EQ(date_dimension(streams), nullptr);
    streams[1].source.slices = {kDate, signup};
    EXPECT_EQ(date_dimension(streams), nullptr);
}

RunEnded ended(ExitCode exit) {
    return {.at = WallTime{}, .took = Nanos{1}, .exit = exit};
}

TEST(Ending, OfTheLastProcessIsTheRuns) {
    EXPECT_TRUE(std::holds_alternative<RunEnded>(ending_of(ended(ExitCode::terminated), 0)));
    EXPECT_TRUE(std::holds_alternative<RunEnded>(ending_of(ended(ExitCode::data), 0)));
}

TEST(Ending, IsLeftToTheProcessesThatGoOn) {
    EXPECT_TRUE(std::holds_alternative<ProcessEnded>(ending_of(ended(ExitCode::terminated), 1)));
    EXPECT_TRUE(std::holds_alternative<ProcessEnded>(ending_of(ended(ExitCode::bug), 2)));
}

TEST(Ending, ARunThatSucceededHasEndedWhoeverStillBeats) {
    EXPECT_TRUE(std::holds_alternative<RunEnded>(ending_of(ended(ExitCode::ok), 3)));
}

}  // namespace
}  // namespace pagehaul::engine
