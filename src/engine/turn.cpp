#include "engine/turn.h"

#include <optional>
#include <utility>

#include "engine/shared/busy_policy.h"
#include "engine/shared/session.h"
#include "log/log.h"

namespace pagehaul::engine {

void Turn::tell_of(const ledger::Busy& holder) {
    log::info("another run is at work, waiting for its end", {{"cause", holder_text(holder)}});
}

bool Turn::wait(ledger::Busy& holder) {
    const std::stop_token stop = context_.stop.no_new_work_token();
    Session session({.connect = connect_, .role = "start", .patience = context_.config.run.patience},
                    context_.clock, context_.random);
    const MonoTime began = context_.clock.now();
    tell_of(holder);
    while (true) {
        const MonoTime now = context_.clock.now();
        if (!context_.clock.wait_until(now + next_look(now - began), stop)) return false;
        std::optional<ledger::Busy> seen;
        try {
            session.run(stop, [&](postgres::Connection& connection) {
                seen = ledger::look_for_holder(connection, scope_, key_);
            });
        } catch (const Failure&) {
            // A look that a stop cut off.
            if (stop.stop_requested()) return false;
            throw;
        }
        if (!seen) break;
        if (seen->run != holder.run) tell_of(*seen);
        holder = std::move(*seen);
    }
    log::info("the other run is over, going on", {{"duration_ms", context_.clock.now() - began}});
    return true;
}

}  // namespace pagehaul::engine
