#include "engine/shared/wake.h"

#include <gtest/gtest.h>

#include <thread>

#include "manual_clock.h"

namespace pagehaul::engine {
namespace {

using std::chrono::hours;

class WakeTest : public ::testing::Test {
  protected:
    std::jthread waiter(MonoTime at, std::stop_token stop = {}) {
        std::jthread thread([this, at, stop = std::move(stop)] { wake.wait_until(at, stop); });
        clock.wait_for_sleepers();
        return thread;
    }

    pagehaul::testing::ManualClock clock;
    Wake wake{clock};
};

TEST_F(WakeTest, ASetEndsTheWait) {
    const std::jthread thread = waiter(MonoTime::max());
    wake.set();
}

TEST_F(WakeTest, AStopEndsTheWaitAndTheNext) {
    std::stop_source stop;
    std::jthread thread = waiter(MonoTime::max(), stop.get_token());
    stop.request_stop();
    thread.join();
    wake.wait_until(MonoTime::max(), stop.get_token());
}

TEST_F(WakeTest, TheClocksTimeEndsTheWait) {
    const MonoTime at = clock.now() + hours(1);
    const std::jthread thread = waiter(at);
    clock.advance(hours(1));
}

TEST_F(WakeTest, ASetBeforeTheWaitIsKeptForItAndForgottenThen) {
    wake.set();
    wake.set();
    wake.wait_until(MonoTime::max(), {});
    const std::jthread thread = waiter(clock.now() + hours(1));
    clock.advance(hours(1));
}

}  // namespace
}  // namespace pagehaul::engine
