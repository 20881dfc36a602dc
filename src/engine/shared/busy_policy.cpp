#include "engine/shared/busy_policy.h"

#include <algorithm>

namespace pagehaul::engine {

Nanos next_look(Nanos waited) {
    return std::clamp<Nanos>(waited, Millis{500}, Millis{5'000});
}

std::string holder_text(const ledger::Busy& busy) {
    return "run " + std::to_string(busy.run) + " (key " + busy.key + ") holds the pipeline, on " + busy.host +
           ", pid " + std::to_string(busy.pid);
}

}  // namespace pagehaul::engine
