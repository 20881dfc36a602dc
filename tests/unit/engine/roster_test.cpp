#include "engine/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "manual_clock.h"

namespace pagehaul::engine {
namespace {

struct Thrown {
    ErrorKind kind;
    StopCause cause;
    bool cancels;
};
class RosterThrows : public ::testing::TestWithParam<Thrown> {};

TEST_P(RosterThrows, StopsTheProcessByTheFailuresKind) {
    StopControl stop;
    Roster roster("writer", stop, system_clock());
    roster.start([] { throw Failure(GetParam().kind, "sink.dsn", "what went wrong"); });
    roster.join();
    EXPECT_EQ(stop.cause(), GetParam().cause);
    EXPECT_EQ(stop.no_new_work_token().stop_requested(), GetParam().cause != StopCause::none);
    EXPECT_EQ(stop.cancel_token().stop_requested(), GetParam().cancels);
}
INSTANTIATE_TEST_SUITE_P(Each, RosterThrows,
                         ::testing::Values(Thrown{ErrorKind::transient, StopCause::unavailable, false},
                                           Thrown{ErrorKind::throttled, StopCause::unavailable, false},
                                           Thrown{ErrorKind::in_doubt, StopCause::unavailable, false},
                                           Thrown{ErrorKind::permanent, StopCause::config, false},
                                           Thrown{ErrorKind::config, StopCause::config, false},
                                           Thrown{ErrorKind::data, StopCause::data, false},
                                           Thrown{ErrorKind::credential, StopCause::credential, false},
                                           Thrown{ErrorKind::fenced, StopCause::lost, true},
                                           Thrown{ErrorKind::cancelled, StopCause::none, false},
                                           Thrown{ErrorKind::bug, StopCause::bug, false}));

TEST(Roster, CallsAnythingElseThatIsThrownABugAndNamesTheThread) {
    StopControl stop;
    Roster roster("writer", stop, system_clock());
    roster.start([] { throw std::logic_error("impossible"); });
    roster.join();
    EXPECT_EQ(stop.cause(), StopCause::bug);
    EXPECT_EQ(stop.reason(), "writer: impossible");
}

TEST(Roster, GivesUpWaitingForAThreadThatDoesNotEnd) {
    StopControl stop;
    std::stop_source release;
    const pagehaul::testing::ManualClock clock;
    Roster roster("writer", stop, clock);
    roster.start([token = release.get_token()] { system_clock().wait_until(MonoTime::max(), token); });
    EXPECT_FALSE(roster.wait_ended(clock.now()));
    EXPECT_FALSE(roster.all_ended());
    release.request_stop();
    EXPECT_TRUE(roster.wait_ended(MonoTime::max()));
    roster.join();
}

TEST(Roster, WaitsByItsClock) {
    StopControl stop;
    std::stop_source release;
    pagehaul::testing::ManualClock clock;
    Roster roster("writer", stop, clock);
    roster.start([token = release.get_token()] { system_clock().wait_until(MonoTime::max(), token); });
    std::optional<bool> ended;
    std::jthread waiter([&] { ended = roster.wait_ended(clock.now() + std::chrono::hours(1)); });
    clock.wait_for_sleepers();
    clock.advance(std::chrono::hours(1));
    waiter.join();
    EXPECT_EQ(ended, false);
    release.request_stop();
    roster.join();
}

TEST(Roster, TellsOfEachThreadThatEnds) {
    StopControl stop;
    std::atomic<int> ended{0};
    Roster roster("fetch worker", stop, system_clock());
    roster.on_end([&] { ++ended; });
    roster.start([] {});
    roster.start([] { throw Failure(ErrorKind::bug, "", "x"); });
    roster.join();
    EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace pagehaul::engine
