#include "cli/early_end.h"

#include "cli/setting.h"
#include "config/yaml/variables.h"
#include "engine/shared/transports.h"
#include "engine/tell/summary.h"
#include "log/log.h"
#include "telemetry/metrics.h"
#include "telemetry/push.h"

namespace pagehaul::cli {
namespace {

constexpr Millis connect_timeout{2'000};

void tell_kubernetes(const std::string& pipeline, const Error& error) {
    const engine::Verdict verdict{exit_code_for(error.kind), "failed", redacted(error.text())};
    engine::write_termination_log(
        termination_log(), engine::termination_message(verdict, pipeline, 0, ledger::RunState{}, Millis{0}));
}

Result<void> push_end(const config::Config& config, ExitCode code) try {
    auto gateway =
        telemetry::gateway_of(*config.telemetry.pushgateway, config.pipeline, config.telemetry.labels);
    if (!gateway) return tl::unexpected<Error>(gateway.error());
    const auto transport = engine::transport_for(gateway->origin, connect_timeout, system_clock());
    telemetry::Metrics metrics(build_version());
    metrics.run_ended(system_clock().wall_now(), std::nullopt, code);
    return telemetry::push_once(*transport, *gateway, metrics.text(), system_clock(), {});
} catch (const Failure& failure) {
    return tl::unexpected<Error>(failure.error());
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
    if (!config.telemetry.pushgateway) return;
    if (const auto pushed = push_end(config, exit_code_for(error.kind)); !pushed)
        log::warn("metrics could not be pushed", {{"error", pushed.error().text()}, {"attempt", 1}});
}

}  // namespace pagehaul::cli
