#include "engine/fetch/refusal_policy.h"

namespace pagehaul::engine {

AfterRefusal after_refusal(bool rereadable, Nanos waited, const std::optional<OthersNow>& others) {
    if (others && others->refused >= others->all) return AfterRefusal::run;
    if (waited < (rereadable ? refusal_patience : refusal_grace)) return AfterRefusal::wait;
    // Without an answer nobody knows that others go on.
    return others ? AfterRefusal::alone : AfterRefusal::run;
}

}  // namespace pagehaul::engine
