#include "engine/shared/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace pagehaul::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const MonoTime kLongFromNow = std::chrono::steady_clock::now() + std::chrono::hours(1);

TEST(Outbox, HandsOverEverythingOnce) {
    Wake wake;
    Outbox outbox(wake);
    outbox.put(ledger::Setback{});
    outbox.put(ProofDone{});
    EXPECT_FALSE(outbox.empty());
    const Outbox::Content content = outbox.take();
    EXPECT_THAT(content.setbacks, SizeIs(1));
    EXPECT_THAT(content.proofs, SizeIs(1));
    EXPECT_TRUE(outbox.empty());
    EXPECT_TRUE(outbox.take().empty());
}

TEST(Outbox, WakesTheClaimer) {
    Wake wake;
    Outbox outbox(wake);
    outbox.put(ledger::Setback{});
    wake.wait_until(kLongFromNow, {});  // returns: it was set before the wait
    std::jthread waiter([&] { wake.wait_until(kLongFromNow, {}); });
    outbox.put(ProofDone{});
}

TEST(Wake, EndsWithTheStopAndWithTheTime) {
    Wake wake;
    std::stop_source stop;
    stop.request_stop();
    wake.wait_until(kLongFromNow, stop.get_token());
    wake.wait_until(std::chrono::steady_clock::now(), {});
}

TEST(Wake, ForgetsASetThatWasWaitedFor) {
    Wake wake;
    wake.set();
    wake.set();
    wake.wait_until(kLongFromNow, {});
    const MonoTime soon = std::chrono::steady_clock::now() + Millis{1};
    wake.wait_until(soon, {});
    EXPECT_GE(std::chrono::steady_clock::now(), soon);
}

}  // namespace
}  // namespace pagehaul::engine
