#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::TimestampStep;
using config::TimestampUnit;

class Timestamp : public testing::Drafting {};

TEST_F(Timestamp, CountsSecondsOrMilliseconds) {
    EXPECT_EQ(made_by(TimestampStep{}), "1612518379");
    EXPECT_EQ(made_by(TimestampStep{.unit = TimestampUnit::milliseconds}), "1612518379250");
}

TEST_F(Timestamp, ShowsWhatAClockOfItsZoneShows) {
    EXPECT_EQ(made_by(TimestampStep{.format = "%Y%m%dT%H%M%SZ"}), "20210205T094619Z");
    EXPECT_EQ(made_by(TimestampStep{.format = "%F %T%z", .zone = "Asia/Shanghai"}),
              "2021-02-05 17:46:19+0800");
    EXPECT_EQ(made_by(TimestampStep{.format = "%a, %d %b %Y", .zone = "America/New_York"}),
              "Fri, 05 Feb 2021");
}

}  // namespace
}  // namespace pagehaul::source
