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
#include "telemetry/metrics.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::cli {

/// This build's version, "0.1.0".
std::string_view build_version();

/// `text` without the secrets of the config that was loaded.
std::string redacted(const std::string& text);

/// Loads the config, teaches the log its secrets and sets it up. Throws Failure of kind config whose message
/// lists every problem of the file, one a line.
config::Config load_config(const ConfigArguments& arguments);

/// The settings of traces from config and environment, or nothing; teaches the log the environment's secrets.
/// Throws Failure of kind config.
std::optional<telemetry::TraceSettings> load_trace_settings(const config::Config& config);

/// What a verb that talks to the source or the database works in: clocks, chance, signals. One a process.
class Setting {
  public:
    Setting();
    StopControl& stop() { return stop_; }
    Random& random() { return random_; }

  private:
    StopControl stop_;
    SystemRandom random_;
    engine::SignalThread signals_;  // last: it uses stop_
};

}  // namespace pagehaul::cli
