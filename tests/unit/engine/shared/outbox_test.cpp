#include "engine/shared/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace pagehaul::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Outbox, HandsOverEverythingOnce) {
    Wake wake(system_clock());
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
    Wake wake(system_clock());
    Outbox outbox(wake);
    outbox.put(ledger::Setback{});
    wake.wait_until(MonoTime::max(), {});  // returns: it was set before the wait
    std::jthread waiter([&] { wake.wait_until(MonoTime::max(), {}); });
    outbox.put(ProofDone{});
}

}  // namespace
}  // namespace pagehaul::engine
