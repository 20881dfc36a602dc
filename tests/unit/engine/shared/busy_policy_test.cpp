#include "engine/shared/busy_policy.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

TEST(TheNextLookAtAnotherRun, IsAsFarAwayAsItWasWaitedWithinHalfASecondAndFive) {
    EXPECT_EQ(next_look(Nanos{0}), Millis{500});
    EXPECT_EQ(next_look(Millis{500}), Millis{500});
    EXPECT_EQ(next_look(Millis{1'700}), Millis{1'700});
    EXPECT_EQ(next_look(std::chrono::seconds{5}), Millis{5'000});
    EXPECT_EQ(next_look(std::chrono::hours{3}), Millis{5'000});
}

TEST(TheHolder, IsNamedByItsRunItsKeyAndWhereItIs) {
    EXPECT_EQ(holder_text({.run = 7, .key = "job-1", .host = "pod-1", .pid = 42}),
              "run 7 (key job-1) holds the pipeline, on pod-1, pid 42");
}

}  // namespace
}  // namespace pagehaul::engine
