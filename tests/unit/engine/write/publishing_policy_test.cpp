#include <gtest/gtest.h>

#include "engine/write/publish_pace.h"
#include "engine/write/vanishing.h"

namespace pagehaul::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ThePaceOfPublishing, IsTakenFromWhatItWas) {
    PublishPace pace;
    const Nanos before = pace.estimate(100'000);
    pace.took(100, seconds(100));
    EXPECT_EQ(pace.estimate(100'000), before) << "few rows tell nothing";
    pace.took(100'000, seconds(1));
    EXPECT_EQ(pace.estimate(100'000), Nanos(seconds(3)));
    EXPECT_EQ(pace.estimate(0), Nanos(seconds(1)));
}

TEST(ThePaceOfPublishing, BeginsNothingThatWouldNotBeOverInTime) {
    PublishPace pace;
    pace.took(100'000, seconds(1));
    const MonoTime now{};
    EXPECT_TRUE(pace.is_time_for(1'000'000'000, now, Deadline::never()));
    EXPECT_TRUE(pace.is_time_for(100'000, now, Deadline::after(now, seconds(3) + milliseconds(1))));
    EXPECT_FALSE(pace.is_time_for(100'000, now, Deadline::after(now, seconds(3))));
    EXPECT_FALSE(pace.is_time_for(0, now, Deadline::at(now)));
}

TEST(RowsThatVanish, AreAsManyAsTheLimitAllows) {
    const config::QuarantineLimit share{.rows = {}, .fraction = 0.05};
    const config::QuarantineLimit three{.rows = 3, .fraction = {}};
    EXPECT_FALSE(refuse_vanishing(share, 5, 100));
    EXPECT_TRUE(refuse_vanishing(share, 6, 100));
    EXPECT_FALSE(refuse_vanishing(share, 0, 0));
    EXPECT_TRUE(refuse_vanishing(share, 1, 19));
    EXPECT_FALSE(refuse_vanishing(three, 3, 3));
    EXPECT_EQ(refuse_vanishing(three, 4, 10),
              "of 10 rows that the table has of the slice the API has 4 no more, sink.vanished_limit is 3: "
              "nothing was marked or deleted");
}

TEST(RowsThatVanish, DoNotWhereTheSlicesKeysAreNotAllKnown) {
    ledger::SliceSums sums;
    EXPECT_EQ(keys_unknown(sums, {"counts"}), "");
    EXPECT_EQ(keys_unknown(sums, {"counts, end not shown"}), "");
    EXPECT_EQ(keys_unknown(sums, {"chain"}), "");
    EXPECT_NE(keys_unknown(sums, {"pages, end not shown"}), "");
    sums.quarantined = 1;
    EXPECT_NE(keys_unknown(sums, {"counts"}), "");
}

}  // namespace
}  // namespace pagehaul::engine
