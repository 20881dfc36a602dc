#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "http/transport.h"

namespace pagehaul::telemetry {

/// What became of one attempt to send a batch.
struct SendOutcome {
    int status = 0;         ///< 0: no answer
    bool hopeless = false;  ///< no answer, and no other attempt: the batch's time is over, say
    std::optional<Millis> retry_after{};
    std::string text{};  ///< why it went wrong, for the log
};

struct Sent {};
struct TryAgain {
    Millis pause;
    bool asked_for;  ///< by Retry-After: not to be cut short
};
struct GiveUp {
    std::string why;
    Millis hold{0};  ///< by Retry-After: nothing may be sent before it is over, other batches neither
};
using NextStep = std::variant<Sent, TryAgain, GiveUp>;

/// OTLP/HTTP's rules: 2xx is done; 429, 502, 503, 504 and dropped connections are tried again, with
/// exponential back-off and full jitter, not before Retry-After; everything else never. `left`: the batch's
/// time. While the run ends (`closing`) a collector that does not answer at all is not waited for. Pure but
/// for the jitter.
NextStep next_step(const SendOutcome& outcome, int attempt, Nanos left, bool closing, Random& random);

}  // namespace pagehaul::telemetry
