#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "config/config.h"
#include "core/exit_code.h"
#include "engine/shared/context.h"
#include "ledger/days.h"
#include "ledger/run_state.h"
#include "machine/cgroup.h"
#include "machine/sizing.h"
#include "telemetry/metric_settings.h"
#include "telemetry/push.h"

namespace pagehaul::engine {

// What the run's metrics are made from, and what a process may say about the run when it ends.

/// How much of what the run is to bring is accounted for (stored, quarantined or a duplicate); 1 is all of
/// it. By rows where the API tells exact totals, by pages elsewhere. A slice whose total, or last page, is
/// not known yet counts as missing, at the average size of the others: never 1 before all are known. nullopt
/// for a run without slices. Pure.
std::optional<double> completeness(const ledger::RunState& state, const ledger::Policies& policies);

/// Up to when the run makes the data complete: the end, in the dimension's zone, of its newest complete day
/// (source::newest_complete_day); a day counts if it was over when the run was planned. Pure.
std::optional<WallTime> watermark(const std::vector<ledger::DaysOfRun>& days,
                                  const config::Dimension& dimension);
/// The dimension of dates by which the watermark is told: the only one of each stream that has any, of one
/// name and zone. With none, or several, there is no watermark.
const config::Dimension* date_dimension(const std::vector<config::Stream>& streams);

/// The end of the run, or of a process that never got as far as one: its verdict is the pipeline's.
struct RunEnded {
    WallTime at;
    std::optional<Nanos> took;  ///< nullopt: not seen by this process
    ExitCode exit = ExitCode::bug;
    bool nothing_due = false;  ///< exit 0, and yet no success
};
/// Other processes go on with the run: the verdict will be theirs, and one of them pushes.
struct ProcessEnded {};
/// Another run holds the pipeline, whatever the process did then, or there was nothing to do: nothing is to
/// be said.
struct NothingEnded {};
using Ending = std::variant<RunEnded, ProcessEnded, NothingEnded>;

/// Of a process that worked on a run, which `ended` for it. `other_workers`: fresh ones of the same run.
/// Pure.
Ending ending_of(const RunEnded& ended, std::int64_t other_workers);
void publish_ending(telemetry::Metrics& metrics, const Ending& ending);

/// What the run has of each stream.
void publish_streams(telemetry::Metrics& metrics, const std::vector<ledger::StreamSums>& streams);

/// What is known before the run begins.
void publish_settings(telemetry::Metrics& metrics, const config::Config& config,
                      const machine::Sizing& sizing, const machine::MachineLimits& limits);
/// The run's figures, from the ledger: they hold for all its processes.
void publish_state(telemetry::Metrics& metrics, const ledger::RunState& state,
                   const ledger::Policies& policies);
/// How far the pipeline's data is complete: the newest watermark of its runs, so that it does not go back
/// when an older window is pulled once more. nullopt where there is none, or when the ledger does not tell in
/// time: the gateway then keeps what it has.
std::optional<WallTime> read_watermark(const Context& context, postgres::Connection& connection);

/// A run that had succeeded before this process came, context.scope's; and the watermark is published anew.
struct Recalled {
    ledger::PastRun run;
    ledger::RunState state;
};
/// nullopt when the database does not answer within seconds.
std::optional<Recalled> recall(const Context& context);

/// A pusher for each way on which this process's metrics leave: to telemetry.pushgateway, and by OTLP where
/// there are settings. `whose` is asked at each push. `metrics` and `clock` outlive the pushers. Throws
/// Failure(config).
void add_ways(telemetry::Pushers& pushers, const config::Config& config,
              const std::optional<telemetry::MetricSettings>& otlp, telemetry::Metrics& metrics,
              const Clock& clock, const std::function<telemetry::Whose()>& whose);

}  // namespace pagehaul::engine
