#include "cli/early_end.h"

#include "cli/setting.h"
#include "config/yaml/variables.h"
#include "engine/tell/run_metrics.h"
#include "engine/tell/summary.h"
#include "log/log.h"
#include "telemetry/metrics.h"

namespace pagehaul::cli {
namespace {

void tell_kubernetes(const std::string& pipeline, const Error& error) {
    const engine::Verdict verdict{exit_code_for(error.kind), "failed", redacted(error.text())};
    engine::write_termination_log(
        termination_log(), engine::termination_message(verdict, pipeline, 0, ledger::RunState{}, Millis{0}));
}

void push_end(const config::Config& config, ExitCode code) try {
    std::optional<telemetry::MetricSettings> otlp;
    try {
        otlp = load_metric_settings(config);
    } catch (const Failure&) {
        // Bad ones end the verb where it needs them; here they are not what is told.
    }
    telemetry::Metrics metrics(build_version());
    metrics.run_ended(system_clock().wall_now(), std::nullopt, code);
    telemetry::Pushers pushers;
    engine::add_ways(pushers, config, otlp, metrics, system_clock(), [] { return telemetry::Whose::all; });
    pushers.finish(telemetry::kPushLimit);
} catch (const Failure& failure) {
    log::warn("metrics could not be pushed", {{"error", failure.error().text()}, {"attempt", 1}});
}

}  // namespace

std::string termination_log() {
    return config::process_environment("PAGEHAUL_TERMINATION_LOG").value_or("/dev/termination-log");
}

config::Config load_or_tell(const ConfigArguments& arguments) {
    try {
        return load_config(arguments);
    } catch (const Failure& failure) {
        tell_kubernetes("", failure.error());
        throw;
    }
}

void tell_early_end(const config::Config& config, const Error& error) {
    tell_kubernetes(config.pipeline, error);
    push_end(config, exit_code_for(error.kind));
}

}  // namespace pagehaul::cli
