#include "engine/settling.h"

#include <utility>

#include "core/fault.h"
#include "engine/shared/connecting.h"
#include "engine/tell/run_metrics.h"
#include "engine/tell/verdict.h"
#include "ledger/publish.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

void warn_unsettled(const Failure& failure) {
    log::warn("could not settle with the ledger; the next start will", {{"cause", failure.error().text()}});
}

}  // namespace

std::unique_ptr<postgres::Connection> connection_to_settle(const Context& context,
                                                           const std::optional<ledger::RunState>& last_known,
                                                           std::unique_ptr<postgres::Connection> warm,
                                                           Millis statement) {
    const bool has_succeeded = last_known && last_known->status == ledger::RunStatus::succeeded;
    try {
        // A pooler would hand the session on to others with this setting in it.
        if (has_succeeded && warm != nullptr && warm->is_open() && !context.scope.pgbouncer) {
            warm->exec("SET statement_timeout = " + std::to_string(statement.count()));
            return warm;
        }
        warm.reset();
        return connect_briefly(context, statement);
    } catch (const Failure& failure) {
        warn_unsettled(failure);
        return nullptr;
    }
}

std::optional<ledger::RunState> settle(Context& context, std::optional<ledger::RunState> last_known,
                                       postgres::Connection* connection) {
    std::optional<ledger::RunState> state = std::move(last_known);
    if (connection == nullptr) return state;
    try {
        state = ledger::read_state(*connection, context.scope);
        fault_point("settle.read");
        const Verdict verdict = judge_run(context.stop.cause(), context.stop.reason(), *state);
        std::string kept =
            termination_message(verdict, context.config.pipeline, context.scope.run, *state, Millis{0});
        if (const auto until = read_watermark(context, *connection)) {
            context.metrics.set_watermark(*until);
            const auto seconds = std::chrono::floor<std::chrono::seconds>(until->time_since_epoch());
            kept = ledger::with_complete_until(std::move(kept), seconds.count());
        }
        ledger::settle(*connection, context.scope, kept, state->status);
        // Of processes that end at the same time the last to say that it stopped must find itself alone; and
        // where another one has finished the run meanwhile, that is the verdict.
        if (state->other_workers > 0 || state->status != ledger::RunStatus::succeeded)
            state = ledger::read_state(*connection, context.scope);
        context.tallies.in_flight = 0;
        context.tallies.in_flight_limit = 0;
        if (!context.config.streams.front().name.empty()) {
            state->streams = ledger::read_streams(*connection, context.scope);
            publish_streams(context.metrics, state->streams);
        }
        const Verdict last = judge_run(context.stop.cause(), context.stop.reason(), *state);
        ledger::leave(*connection, context.scope, context.tallies.figures(), static_cast<int>(last.code));
    } catch (const Failure& failure) {
        warn_unsettled(failure);
    }
    return state;
}

void prune_old_runs(const Context& context, postgres::Connection& connection) {
    try {
        const auto go_on = [&] {
            return context.stop.cause() != StopCause::sigterm && context.stop.cause() != StopCause::sigint;
        };
        ledger::drop_staging(connection, context.scope);
        ledger::prune(connection, context.scope, context.config.ledger.keep, 10, go_on);
    } catch (const Failure& failure) {
        log::warn("could not delete old runs from the ledger", {{"cause", failure.error().text()}});
    }
}

}  // namespace pagehaul::engine
