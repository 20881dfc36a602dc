#include "engine/shared/held.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr seconds kStale{30};

MonoTime moment(int second) {
    return MonoTime(std::chrono::hours(1)) + seconds(second);
}

/// Beats at these seconds, each answered a second later.
void beats(Held& held, std::initializer_list<int> sent) {
    for (const int second : sent)
        held.beaten(moment(second), moment(second + 1), kStale, false);
}

TEST(Held, KnowsEachLeaseOnce) {
    Held held;
    held.add(7, moment(0));
    held.add(7, moment(1));
    held.add(8, moment(1));
    EXPECT_EQ(held.size(), 2U);
    EXPECT_THAT(held.ids(), UnorderedElementsAre(7, 8));
    held.remove(7);
    held.remove(7);
    held.remove(8);
    EXPECT_THAT(held.ids(), IsEmpty());
}

TEST(Held, WithoutBeatsNothingIsInDoubt) {
    Held held;
    held.add(7, moment(0));
    EXPECT_FALSE(held.in_doubt(7, moment(100'000)));
}

TEST(Held, WhileBeatsComeALeaseMayGrowOld) {
    Held held;
    beats(held, {0});
    held.add(7, moment(1));
    beats(held, {20, 40, 60});
    EXPECT_FALSE(held.in_doubt(7, moment(89)));
}

TEST(Held, AnOverdueBeatPutsEveryLeaseInDoubt) {
    Held held;
    beats(held, {0});
    held.add(7, moment(1));
    EXPECT_FALSE(held.in_doubt(7, moment(29)));
    EXPECT_TRUE(held.in_doubt(7, moment(30)));
}

TEST(Held, ABeatAfterAGapTrustsOnlyWhatIsLeasedAfterIt) {
    Held held;
    beats(held, {0});
    held.add(7, moment(20));
    beats(held, {40});
    held.add(8, moment(41));
    EXPECT_TRUE(held.in_doubt(7, moment(42)));
    EXPECT_FALSE(held.in_doubt(8, moment(42)));
    beats(held, {45, 50});
    EXPECT_TRUE(held.in_doubt(7, moment(51))) << "the doubt stays until the ledger was asked";
}

TEST(Held, ALeaseAskedForBeforeTheGapAndAnsweredAfterItIsInDoubt) {
    Held held;
    beats(held, {0, 60});
    held.add(7, moment(20));
    EXPECT_TRUE(held.in_doubt(7, moment(62)));
}

TEST(Held, LeasedAgainItIsTrustedAgain) {
    Held held;
    beats(held, {0});
    held.add(7, moment(1));
    beats(held, {60});
    held.remove(7);
    held.add(7, moment(61));
    EXPECT_FALSE(held.in_doubt(7, moment(62)));
}

TEST(Held, ABeatOverANewLinkPutsOlderLeasesInDoubt) {
    Held held;
    beats(held, {0});
    held.add(7, moment(1));
    held.beaten(moment(5), moment(6), kStale, true);
    EXPECT_TRUE(held.in_doubt(7, moment(7)));
}

}  // namespace
}  // namespace pagehaul::engine
