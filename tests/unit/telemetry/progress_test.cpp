#include "telemetry/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace pagehaul::telemetry {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

ProgressSnapshot halfway() {
    return {.rows = 512'300,
            .pages_done = 5'123,
            .pages_total = 10'246,
            .in_flight = 32,
            .in_flight_limit = 32,
            .retries = 17,
            .failed = 0,
            .phase = "pulling"};
}

const ProgressRates kRates{.rows_per_s = 31'234.4, .eta = seconds(75)};

TEST(ProgressLine, ShowsBarPagesRateEtaInFlightAndRetries) {
    EXPECT_EQ(progress_line(halfway(), kRates, 140),
              "pulling  [###############...............]  50%  5,123/10,246 pages  31,234 rows/s  ETA 1m15s  "
              "32 in flight  17 retries  512,300 rows");
}

TEST(ProgressLine, NeverWiderThanTheTerminal) {
    for (int width = 0; width < 160; ++width) {
        EXPECT_LE(progress_line(halfway(), kRates, width).size(), static_cast<std::size_t>(width));
    }
}

TEST(ProgressLine, OnANarrowTerminalTheMostTellingStays) {
    EXPECT_EQ(progress_line(halfway(), kRates, 50), "pulling  50%  5,123/10,246 pages  31,234 rows/s");
}

TEST(ProgressLine, WithoutATotalThereIsNoBar) {
    auto now = halfway();
    now.pages_total.reset();
    EXPECT_EQ(progress_line(now, {}, 100), "pulling  5,123 pages  32 in flight  17 retries  512,300 rows");
}

TEST(ProgressLine, FailedPagesAreShownOnlyWhereThereAreSome) {
    auto now = halfway();
    now.failed = 3;
    EXPECT_THAT(progress_line(now, kRates, 160), HasSubstr("3 failed"));
}

TEST(ProgressLine, MorePagesThanPlannedAreNotMoreThanAHundredPercent) {
    auto now = halfway();
    now.pages_done = 20'000;
    EXPECT_THAT(progress_line(now, kRates, 160), HasSubstr("[##############################]  100%"));
}

TEST(RateWindow, SaysNothingAtFirst) {
    RateWindow window;
    const auto rates = window.add(halfway(), MonoTime(seconds(100)));
    EXPECT_FALSE(rates.rows_per_s);
    EXPECT_FALSE(rates.eta);
}

TEST(RateWindow, IsTheRateOfTheLastTenSeconds) {
    RateWindow window;
    ProgressSnapshot now{.pages_total = 1'000};
    ProgressRates rates;
    for (int second = 0; second <= 60; ++second) {
        const int step = second <= 30 ? 1 : 10;  // pages a second
        if (second > 0) now.pages_done += step;
        now.rows = now.pages_done * 100;
        rates = window.add(now, MonoTime(seconds(1'000 + second)));
    }
    EXPECT_DOUBLE_EQ(rates.rows_per_s.value(), 1'000);
    EXPECT_EQ(rates.eta, seconds(67));  // 330 of 1,000 pages, 10 a second
}

TEST(RateWindow, NoEtaWhileNothingMoves) {
    RateWindow window;
    window.add(halfway(), MonoTime(seconds(1)));
    const auto rates = window.add(halfway(), MonoTime(seconds(3)));
    EXPECT_EQ(rates.rows_per_s, 0);
    EXPECT_FALSE(rates.eta);
}

/// Time passes only by waiting.
class SteppingClock final : public Clock {
  public:
    MonoTime now() const override {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    WallTime wall_now() const override { return {}; }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        std::unique_lock lock(mutex_);
        if (steps_ == 0) {
            changed_.notify_all();
            changed_.wait(lock, stop, [] { return false; });
        }
        if (stop.stop_requested()) return false;
        --steps_;
        now_ = at;
        return true;
    }
    void wait_for_the_end() const {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return steps_ == 0; });
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    mutable int steps_ = 3;                            // protected by mutex_
    mutable MonoTime now_ = MonoTime(seconds(1'000));  // protected by mutex_
};

TEST(Progress, IsALogLineEveryTenSecondsWhereThereIsNoTerminal) {
    const log::Capture capture;
    const SteppingClock clock;
    Progress progress(halfway, clock, false);
    progress.start();
    clock.wait_for_the_end();
    progress.stop();
    progress.stop();
    const auto lines = capture.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_THAT(lines[0],
                HasSubstr(R"("msg":"progress","phase":"pulling","rows":512300,"pages_done":5123,)"));
    EXPECT_THAT(lines[0], HasSubstr(R"("pages_total":10246)"));
    EXPECT_EQ(clock.now(), MonoTime(seconds(1'030)));
}

TEST(Progress, OnATerminalItIsRedrawnFiveTimesASecondAndTakenAwayAtTheEnd) {
    ::testing::internal::CaptureStderr();
    const SteppingClock clock;
    {
        Progress progress(halfway, clock, true);
        progress.start();
        clock.wait_for_the_end();
    }
    const std::string out = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(clock.now(), MonoTime(seconds(1'000)) + Millis(600));
    EXPECT_THAT(out, HasSubstr("5,123/10,246 pages"));
    EXPECT_TRUE(out.ends_with("\r\x1b[K")) << out;
}

}  // namespace
}  // namespace pagehaul::telemetry
