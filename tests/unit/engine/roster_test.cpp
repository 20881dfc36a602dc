#include "engine/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

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
    Roster roster("writer", stop);
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
    Roster roster("writer", stop);
    roster.start([] { throw std::logic_error("impossible"); });
    roster.join();
    EXPECT_EQ(stop.cause(), StopCause::bug);
    EXPECT_EQ(stop.reason(), "writer: impossible");
}

TEST(Roster, GivesUpWaitingForAThreadThatDoesNotEnd) {
    StopControl stop;
    std::stop_source release;
    Roster roster("writer", stop);
    roster.start([token = release.get_token()] {
        while (!token.stop_requested())
            std::this_thread::yield();
    });
    EXPECT_FALSE(roster.wait_ended(std::chrono::steady_clock::now() + Millis{1}));
    EXPECT_FALSE(roster.all_ended());
    release.request_stop();
    EXPECT_TRUE(roster.wait_ended(std::chrono::steady_clock::now() + std::chrono::minutes(1)));
    roster.join();
}

TEST(Roster, TellsOfEachThreadThatEnds) {
    StopControl stop;
    std::atomic<int> ended{0};
    Roster roster("fetch worker", stop);
    roster.on_end([&] { ++ended; });
    roster.start([] {});
    roster.start([] { throw Failure(ErrorKind::bug, "", "x"); });
    roster.join();
    EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace pagehaul::engine
