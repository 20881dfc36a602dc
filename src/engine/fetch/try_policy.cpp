#include "engine/fetch/try_policy.h"

#include "source/judge.h"

namespace pagehaul::engine {

AfterTry after_try(const FailedTry& failed) {
    if (!failed.counts) return AfterTry::again;
    const bool used_up = failed.attempt >= failed.attempts;
    if (failed.unexplained == 0) return used_up ? AfterTry::unavailable : AfterTry::again;
    return used_up || failed.unexplained > source::unexplained_retries ? AfterTry::refused : AfterTry::again;
}

}  // namespace pagehaul::engine
