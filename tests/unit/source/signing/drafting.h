#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "manual_clock.h"
#include "source/signing/steps.h"

namespace pagehaul::testing {

/// A request that steps are tried on, at a time and by a chance that a test knows.
class Drafting : public ::testing::Test {
  protected:
    /// What a step makes, or "refused: WHY".
    template <class Step>
    std::string made_by(const Step& step) {
        const auto done = source::take(step, draft);
        return done ? draft.value : "refused: " + done.error().message;
    }

    FixedRandom random;
    http::Request request{.method = "POST", .target = "/v1/rows?b=2&a=1%2B1&c="};
    source::Draft draft{.request = request,
                        .host = "api.test:8443",
                        .now = WallTime{std::chrono::milliseconds(1'612'518'379'250)},
                        .random = random};
};

}  // namespace pagehaul::testing
