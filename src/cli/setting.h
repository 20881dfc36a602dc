#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/verbs.h"
#include "config/config.h"
#include "core/random.h"
#include "core/stop.h"
#include "engine/shared/context.h"
#include "engine/signals.h"
#include "telemetry/metric_settings.h"
#include "telemetry/metrics.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::cli {

/// This build's version, "0.1.0".
std::string_view build_version();

/// `text` without the secrets of the environment and of the config that was loaded.
std::string redacted(std::string_view text);

/// `text` as a verb prints it: a single line without secrets, whatever an API, a database or a file put into
/// it.
std::string for_people(std::string_view text);

/// Loads the config and teaches the log its secrets. Throws like load_config.
config::Config read_config(const ConfigArguments& arguments);

/// The log's level and format become this config's.
void set_up_log(const config::Config& config);

/// Loads the config, teaches the log its secrets and sets it up. Throws Failure of kind config whose message
/// lists every problem of the file, one a line.
config::Config load_config(const ConfigArguments& arguments);

/// The settings of traces from config and environment, or nothing; teaches the log the environment's secrets.
/// Throws Failure of kind config.
std::optional<telemetry::TraceSettings> load_trace_settings(const config::Config& config);

/// The same for metrics by OTLP.
std::optional<telemetry::MetricSettings> load_metric_settings(const config::Config& config);

/// PAGEHAUL_GRACE, where it is set. Throws Failure of kind config.
std::optional<Millis> told_grace();

/// What a verb that talks to the source or the database works in: clocks, chance, signals. One a process.
class Setting {
  public:
    explicit Setting(std::optional<Millis> grace = std::nullopt)
        : grace_(grace, system_clock()), signals_(stop_, grace_) {}
    StopControl& stop() { return stop_; }
    const engine::Grace& grace() const { return grace_; }
    Random& random() { return random_; }

  private:
    StopControl stop_;
    engine::Grace grace_;
    SystemRandom random_;
    engine::SignalThread signals_;  // last: it uses stop_ and grace_
};

}  // namespace pagehaul::cli
