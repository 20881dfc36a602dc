#include "telemetry/export_policy.h"

#include <algorithm>

#include "http/retry.h"

namespace pagehaul::telemetry {
namespace {

// Within the 10 s of a batch: some five attempts.
constexpr config::Retry kBackOff{.attempts = 0, .base = Millis{500}, .max = Millis{4'000}};

bool may_retry(const SendOutcome& outcome, bool closing) {
    if (outcome.status == 0) return !outcome.hopeless && !closing;
    return outcome.status == 429 || (outcome.status >= 502 && outcome.status <= 504);
}

}  // namespace

NextStep next_step(const SendOutcome& outcome, int attempt, Nanos left, bool closing, Random& random) {
    if (outcome.status >= 200 && outcome.status < 300) return Sent{};
    if (!may_retry(outcome, closing)) return GiveUp{outcome.text};
    const Millis asked = outcome.retry_after.value_or(Millis{0});
    const Millis pause = std::max(http::delay(attempt, kBackOff, random), asked);
    if (pause >= left) return GiveUp{outcome.text, asked};
    return TryAgain{pause, outcome.retry_after.has_value()};
}

}  // namespace pagehaul::telemetry
