#include "core/duration_text.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace pagehaul {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::seconds;

/// What is written of each span.
template <class Span>
using Table = std::vector<std::pair<Span, const char*>>;

TEST(DurationText, IsAsExactAsAPersonWants) {
    const Table<Millis> table{{0ms, "0 ms"},          {999ms, "999 ms"},       {1'000ms, "1.0 s"},
                              {12'480ms, "12.4 s"},   {59'999ms, "59.9 s"},    {60s, "1 min 00 s"},
                              {185s, "3 min 05 s"},   {3'599s, "59 min 59 s"}, {1h, "1 h 00 min"},
                              {124min, "2 h 04 min"}, {24h, "1 d 00 h"},       {50h, "2 d 02 h"},
                              {-5ms, "-5 ms"}};
    for (const auto& [span, text] : table)
        EXPECT_EQ(duration_text(span), text);
}

TEST(DurationText, ARoundOneHasNoNoughts) {
    const Table<Millis> table{{0ms, "0 ms"},   {500ms, "500 ms"},       {1'500ms, "1.5 s"}, {30s, "30 s"},
                              {2min, "2 min"}, {90s, "90 s"},           {2h, "2 h"},        {24h, "1 d"},
                              {36h, "36 h"},   {61'500ms, "1 min 01 s"}};
    for (const auto& [span, text] : table)
        EXPECT_EQ(round_duration_text(span), text);
}

TEST(ForecastText, CountsASecondBegunAsOne) {
    const Table<std::chrono::duration<double>> table{
        {0s, "0 s"},         {100ms, "1 s"},           {119s, "119 s"},   {119'001ms, "2 min 0 s"},
        {185s, "3 min 5 s"}, {7'199s, "119 min 59 s"}, {2h, "2 h 0 min"}, {124min + 59s, "2 h 4 min"},
        {50h, "50 h 0 min"}};
    for (const auto& [span, text] : table)
        EXPECT_EQ(forecast_text(span), text);
}

TEST(NarrowDurationText, FitsAColumn) {
    const Table<Seconds> table{{0s, "0s"},         {59s, "59s"},  {60s, "1m00s"},    {185s, "3m05s"},
                               {3'599s, "59m59s"}, {1h, "1h00m"}, {124min, "2h04m"}, {50h, "50h00m"}};
    for (const auto& [span, text] : table)
        EXPECT_EQ(narrow_duration_text(span), text);
}

TEST(TimeoutText, IsWholeSecondsOrMilliseconds) {
    const Table<Nanos> table{{5s, "5 s"},          {90s, "90 s"}, {250ms, "250 ms"},
                             {1'500ms, "1500 ms"}, {0s, "0 s"},   {1'000'999us, "1 s"}};
    for (const auto& [span, text] : table)
        EXPECT_EQ(timeout_text(span), text);
}

}  // namespace
}  // namespace pagehaul
