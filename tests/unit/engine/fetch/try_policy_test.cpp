#include "engine/fetch/try_policy.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

TEST(AfterTry, TriesAgainWhileThereAreAttemptsAndAnUnexplainedAnswerThreeTimes) {
    struct Tried {
        const char* of;
        FailedTry failed;
        AfterTry after;
    };
    for (const Tried& it : {
             Tried{"the first of eight", {.counts = true, .attempt = 1, .attempts = 8}, AfterTry::again},
             Tried{"the last of eight", {.counts = true, .attempt = 8, .attempts = 8}, AfterTry::unavailable},
             Tried{"what does not count", {.counts = false, .attempt = 8, .attempts = 8}, AfterTry::again},
             Tried{"unexplained, thrice",
                   {.counts = true, .attempt = 7, .attempts = 8, .unexplained = 3},
                   AfterTry::again},
             Tried{"unexplained, a fourth time",
                   {.counts = true, .attempt = 4, .attempts = 8, .unexplained = 4},
                   AfterTry::refused},
             Tried{"unexplained, the last attempt",
                   {.counts = true, .attempt = 2, .attempts = 2, .unexplained = 1},
                   AfterTry::refused},
             Tried{"unexplained, in an outage",
                   {.counts = false, .attempt = 4, .attempts = 8, .unexplained = 4},
                   AfterTry::again},
         })
        EXPECT_EQ(after_try(it.failed), it.after) << it.of;
}

}  // namespace
}  // namespace pagehaul::engine
