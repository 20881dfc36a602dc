#include "engine/shared/held.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr seconds kStale{30};

MonoTime at(int second) {
    return MonoTime(std::chrono::hours(1)) + seconds(second);
}

/// Beats at these seconds, each answered a second later.
void beats(Held& held, std::initializer_list<int> sent) {
    for (const int second : sent)
        held.beaten(at(second), at(second + 1), kStale, false);
}

TEST(Held, KnowsEachLeaseOnce) {
    Held held;
    held.add(7, at(0));
    held.add(7, at(1));
    held.add(8, at(1));
    EXPECT_EQ(held.size(), 2U);
    EXPECT_THAT(held.ids(), UnorderedElementsAre(7, 8));
    held.remove(7);
    held.remove(7);
    held.remove(8);
    EXPECT_THAT(held.ids(), IsEmpty());
}

TEST(Held, WithoutBeatsNothingIsInDoubt) {
    Held held;
    held.add(7, at(0));
    EXPECT_FALSE(held.in_doubt(7, at(100'000)));
}

TEST(Held, WhileBeatsComeALeaseMayGrowOld) {
    Held held;
    beats(held, {0});
    held.add(7, at(1));
    beats(held, {20, 40, 60});
    EXPECT_FALSE(held.in_doubt(7, at(89)));
}

TEST(Held, AnOverdueBeatPutsEveryLeaseInDoubt) {
    Held held;
    beats(held, {0});
    held.add(7, at(1));
    EXPECT_FALSE(held.in_doubt(7, at(29)));
    EXPECT_TRUE(held.in_doubt(7, at(30)));
}

TEST(Held, ABeatAfterAGapTrustsOnlyWhatIsLeasedAfterIt) {
    Held held;
    beats(held, {0});
    held.add(7, at(20));
    beats(held, {40});
    held.add(8, at(41));
    EXPECT_TRUE(held.in_doubt(7, at(42)));
    EXPECT_FALSE(held.in_doubt(8, at(42)));
    beats(held, {45, 50});
    EXPECT_TRUE(held.in_doubt(7, at(51))) << "the doubt stays until the ledger was asked";
}

TEST(Held, ALeaseAskedForBeforeTheGapAndAnsweredAfterItIsInDoubt) {
    Held held;
    beats(held, {0, 60});
    held.add(7, at(20));
    EXPECT_TRUE(held.in_doubt(7, at(62)));
}

TEST(Held, LeasedAgainItIsTrustedAgain) {
    Held held;
    beats(held, {0});
    held.add(7, at(1));
    beats(held, {60});
    held.remove(7);
    held.add(7, at(61));
    EXPECT_FALSE(held.in_doubt(7, at(62)));
}

TEST(Held, ABeatOverANewLinkPutsOlderLeasesInDoubt) {
    Held held;
    beats(held, {0});
    held.add(7, at(1));
    held.beaten(at(5), at(6), kStale, true);
    EXPECT_TRUE(held.in_doubt(7, at(7)));
}

}  // namespace
}  // namespace pagehaul::engine
