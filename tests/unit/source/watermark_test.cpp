#include "source/watermark.h"

#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using std::chrono::sys_days;

sys_days nov(unsigned d) {
    return sys_days{std::chrono::year{2026} / 11 / static_cast<int>(d)};
}
SliceDays proven(unsigned first, unsigned last) {
    return {.first = nov(first), .last = nov(last), .proven = true};
}
SliceDays open(unsigned first, unsigned last) {
    return {.first = nov(first), .last = nov(last), .proven = false};
}

const sys_days kLongAfter = nov(30);

TEST(NewestCompleteDay, IsTheLastOfARunThatIsProvenWhole) {
    EXPECT_EQ(newest_complete_day({proven(1, 1), proven(2, 2), proven(3, 3)}, kLongAfter), nov(3));
}

TEST(NewestCompleteDay, NoneWithoutSlicesOrWithoutAProvenOne) {
    EXPECT_EQ(newest_complete_day({}, kLongAfter), std::nullopt);
    EXPECT_EQ(newest_complete_day({open(1, 1), open(2, 2)}, kLongAfter), std::nullopt);
}

TEST(NewestCompleteDay, LiesBeforeTheFirstDayThatIsNotProvenWhateverIsProvenLater) {
    EXPECT_EQ(newest_complete_day({proven(1, 1), proven(2, 2), open(3, 3), proven(4, 4)}, kLongAfter),
              nov(2));
    EXPECT_EQ(newest_complete_day({open(1, 1), proven(2, 2), proven(3, 3)}, kLongAfter), std::nullopt);
}

TEST(NewestCompleteDay, ADayCountsWhenEverySliceOfItIsProven) {
    EXPECT_EQ(newest_complete_day({proven(1, 1), proven(1, 1), proven(2, 2), open(2, 2)}, kLongAfter),
              nov(1));
}

TEST(NewestCompleteDay, TheOrderOfTheSlicesIsFree) {
    EXPECT_EQ(newest_complete_day({open(3, 3), proven(2, 2), proven(1, 1)}, kLongAfter), nov(2));
}

TEST(NewestCompleteDay, ASliceOfSeveralDaysIsCompleteToItsLast) {
    EXPECT_EQ(newest_complete_day({proven(1, 7), proven(8, 14), open(15, 21)}, kLongAfter), nov(14));
}

TEST(NewestCompleteDay, WhereSlicesOverlapTheDaysBeforeTheOpenOneCount) {
    EXPECT_EQ(newest_complete_day({proven(1, 7), open(5, 11)}, kLongAfter), nov(4));
}

TEST(NewestCompleteDay, DaysThatNobodyAskedForAreNoGapAndNotComplete) {
    EXPECT_EQ(newest_complete_day({proven(1, 1), proven(20, 20)}, kLongAfter), nov(20));
    EXPECT_EQ(newest_complete_day({proven(1, 1), open(20, 20)}, kLongAfter), nov(1));
}

TEST(NewestCompleteDay, ADayThatGoesOnIsNotComplete) {
    EXPECT_EQ(newest_complete_day({proven(1, 1), proven(2, 2), proven(3, 3)}, nov(2)), nov(2));
    EXPECT_EQ(newest_complete_day({proven(1, 7)}, nov(3)), nov(3));
    EXPECT_EQ(newest_complete_day({proven(3, 3)}, nov(2)), std::nullopt);
}

WallTime utc(int year, int month, int day, int hour, int minute) {
    return sys_days{std::chrono::year{year} / month / day} + std::chrono::hours(hour) +
           std::chrono::minutes(minute);
}

TEST(Watermark, ADayEndsAtTheMidnightOfItsZone) {
    EXPECT_EQ(end_of_day(nov(22), "Etc/UTC"), utc(2026, 11, 23, 0, 0));
    EXPECT_EQ(end_of_day(nov(22), "Asia/Shanghai"), utc(2026, 11, 22, 16, 0));
    EXPECT_EQ(end_of_day(nov(22), "America/New_York"), utc(2026, 11, 23, 5, 0));
}

TEST(Watermark, WhichDayHasEndedIsAQuestionOfTheZone) {
    const WallTime at = utc(2026, 11, 22, 16, 0);
    EXPECT_EQ(last_ended_day(at, "Etc/UTC"), nov(21));
    EXPECT_EQ(last_ended_day(at, "Asia/Shanghai"), nov(22));
    EXPECT_EQ(last_ended_day(at - std::chrono::seconds(1), "Asia/Shanghai"), nov(21));
}

TEST(Watermark, AMidnightThatTheZoneSkipsIsWhenTheGapEnds) {
    // Beirut went from 0:00 to 1:00 on 27 March 2022.
    const sys_days before{std::chrono::year{2022} / 3 / 26};
    EXPECT_EQ(end_of_day(before, "Asia/Beirut"), utc(2022, 3, 26, 22, 0));
}

TEST(Watermark, AMidnightThatTheZoneHasTwiceIsTheLater) {
    // Havana went from 1:00 back to 0:00 on 6 November 2022.
    const sys_days before{std::chrono::year{2022} / 11 / 5};
    EXPECT_EQ(end_of_day(before, "America/Havana"), utc(2022, 11, 6, 5, 0));
}

}  // namespace
}  // namespace pagehaul::source
