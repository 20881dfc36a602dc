#include "http/retry.h"

#include <gtest/gtest.h>

namespace pagehaul::http {
namespace {

using namespace std::chrono_literals;

class Fixed final : public Random {
  public:
    explicit Fixed(double value) : value_(value) {}
    double unit() override { return value_; }

  private:
    double value_;
};

const config::Retry kRetry{.attempts = 8, .base = 500ms, .max = 60s};
/// 1994-11-06 08:49:07 UTC: thirty seconds before the example of RFC 9110, 5.6.7.
const WallTime kNow{std::chrono::sys_days{std::chrono::year{1994} / 11 / 6} + 8h + 49min + 7s};

TEST(Delay, DoublesItsBoundWithEachAttempt) {
    Fixed almost_one(0.999999);
    EXPECT_NEAR(static_cast<double>(delay(1, kRetry, almost_one).count()), 500, 1);
    EXPECT_NEAR(static_cast<double>(delay(2, kRetry, almost_one).count()), 1'000, 1);
    EXPECT_NEAR(static_cast<double>(delay(4, kRetry, almost_one).count()), 4'000, 1);
}

TEST(Delay, IsJitteredOverTheWholeSpanFromZero) {
    Fixed zero(0.0);
    Fixed half(0.5);
    EXPECT_EQ(delay(3, kRetry, zero), 0ms);
    EXPECT_EQ(delay(3, kRetry, half), 1'000ms);
}

TEST(Delay, StaysUnderItsMaximumHoweverOftenItWasTried) {
    Fixed almost_one(0.999999);
    EXPECT_LE(delay(9, kRetry, almost_one), 60s);
    EXPECT_LE(delay(1'000'000, kRetry, almost_one), 60s);
    EXPECT_GT(delay(1'000'000, kRetry, almost_one), 59s);
    EXPECT_LE(delay(1, {.attempts = 1, .base = 10s, .max = 1s}, almost_one), 1s);
}

TEST(AttemptAfter, ReachesAsFarAsNothingHasSucceeded) {
    struct Case {
        Nanos failing;
        int attempt;
    };
    for (const auto& [failing, attempt] : {Case{-1s, 1}, Case{0s, 1}, Case{500ms, 1}, Case{501ms, 2},
                                           Case{4s, 4}, Case{1h, 8}, Case{24h * 365, 8}})
        EXPECT_EQ(attempt_after(failing, kRetry), attempt) << failing.count() << " ns";
}

TEST(Pause, IsTheLongerOfWhatWasToldAndOurOwnAndNeverLongerThanAllowed) {
    struct Case {
        const char* of;
        std::optional<Millis> told;
        Millis own;
        Millis span;
        bool asked_too_much;
    };
    for (const Case& it :
         {Case{"nothing told", {}, 2s, 2s, false}, Case{"more than our own", 9s, 2s, 9s, false},
          Case{"zero, or a date in the past", 0s, 2s, 2s, false},
          Case{"as much as is allowed", 15min, 2s, 15min, false}, Case{"a year", 24h * 365, 2s, 15min, true},
          Case{"a Unix time stamp", 1'764'000'000s, 2s, 15min, true},
          Case{"our own over what is allowed", {}, 1h, 15min, false}}) {
        const Pause pause = pause_for(it.told, it.own, 15min);
        EXPECT_EQ(pause.span, it.span) << it.of;
        EXPECT_EQ(pause.asked_too_much, it.asked_too_much) << it.of;
    }
}

TEST(RetryAfter, ReadsSeconds) {
    EXPECT_EQ(parse_retry_after("120", kNow), 120s);
    EXPECT_EQ(parse_retry_after(" 0 ", kNow), 0s);
}

TEST(RetryAfter, RoundsAFractionUp) {
    EXPECT_EQ(parse_retry_after("1.5", kNow), 2s);
    EXPECT_EQ(parse_retry_after("0.001", kNow), 1s);
    EXPECT_EQ(parse_retry_after("3.0", kNow), 3s);
}

TEST(RetryAfter, ReadsAllThreeDateForms) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 30s);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 30s);
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:37 1994", kNow), 30s);
    EXPECT_EQ(parse_retry_after("Wed Nov 16 08:49:37 1994", kNow), 240h + 30s);
}

TEST(RetryAfter, TakesADateInThePastAsNoWait) {
    EXPECT_EQ(parse_retry_after("Sat, 05 Nov 1994 08:49:37 GMT", kNow), 0s);
}

TEST(RetryAfter, ReadsATwoDigitYearFarAheadAsPast) {
    // 1994 + 50 is the last year taken as future.
    EXPECT_GT(parse_retry_after("Sunday, 06-Nov-44 08:49:37 GMT", kNow).value(), 0s - 1s);
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:07 GMT", kNow), 0s);
}

TEST(RetryAfter, RefusesWhatIsNeither) {
    for (const char* const text :
         {"", "soon", "-5", "1.", ".5", "1.5.2", "1,5", "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT and more"}) {
        EXPECT_FALSE(parse_retry_after(text, kNow)) << text;
    }
}

TEST(RetryAfter, HandsOnAbsurdValuesWithoutOverflow) {
    EXPECT_EQ(parse_retry_after("31536000", kNow), 8760h);
    EXPECT_GT(parse_retry_after("99999999999999999999999", kNow).value(), 24h * 365 * 290);
    EXPECT_GT(parse_retry_after("9223372036854775807.9", kNow).value(), 24h * 365 * 290);
}

// The clock's nanoseconds end in 2262 and begin in 1677.
TEST(RetryAfter, ReadsDatesBeyondWhatTheClockCounts) {
    EXPECT_GT(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow).value(), 24h * 365 * 290);
    EXPECT_GT(parse_retry_after("Sat, 06 Nov 2263 08:49:07 GMT", kNow).value(), 24h * 365 * 268);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 0233 08:49:07 GMT", kNow), 0s);
}

TEST(RetryAfter, RoundsUpWhatIsLeftOfThisSecond) {
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow + 250'100us), 29'750ms);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", kNow + 250'100us), 0s);
}

}  // namespace
}  // namespace pagehaul::http
