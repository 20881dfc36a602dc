#include <algorithm>
#include <string>
#include <utility>

#include "engine/fetch/fetcher.h"
#include "log/log.h"

namespace pagehaul::engine {

std::optional<AfterRefusal> SourceGate::await_newer_credential(std::int64_t version, std::string_view cause) {
    // One waits for all: the others wait for it, and find what it has found.
    const MutexLock lock(refusal_mutex_);
    const std::stop_token stop = context_.stop.no_new_work_token();
    const bool rereadable = parts_.credentials.may_change();
    const MonoTime since = context_.clock.now();
    // The first answers come with the next heartbeat, at once.
    Millis look{10};
    bool told = false;
    context_.refusal.say(true);
    while (true) {
        if (parts_.credentials.refused(version) == source::CredentialAnswer::try_again) {
            context_.refusal.say(false);
            context_.beat_soon.set();
            return std::nullopt;
        }
        const MonoTime now = context_.clock.now();
        const auto others = context_.refusal.others();
        const AfterRefusal after = after_refusal(rereadable, now - since, others);
        if (after != AfterRefusal::wait) return after;
        if (stop.stop_requested()) return AfterRefusal::alone;
        if (others && !std::exchange(told, true))
            log::warn("credentials refused, waiting for newer ones",
                      {{"cause", log::redacted(std::string(cause))}});
        context_.beat_soon.set();
        context_.clock.wait_until(now + look, stop);
        look = std::min(2 * look, refusal_look);
    }
}

}  // namespace pagehaul::engine
