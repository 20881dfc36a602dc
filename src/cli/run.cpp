#include "engine/run.h"

#include <utility>

#include "cli/setting.h"
#include "config/yaml/variables.h"
#include "engine/tell/summary.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

std::string termination_log() {
    return config::process_environment("PAGEHAUL_TERMINATION_LOG").value_or("/dev/termination-log");
}

/// A config that does not load ends before there is a run; Kubernetes is told all the same.
std::pair<config::Config, std::optional<telemetry::TraceSettings>> load_or_tell(
    const ConfigArguments& arguments) {
    try {
        config::Config config = load_config(arguments);
        auto traces = load_trace_settings(config);
        return {std::move(config), std::move(traces)};
    } catch (const Failure& failure) {
        const engine::Verdict verdict{exit_code_for(failure.error().kind), "failed",
                                      redacted(failure.error().text())};
        engine::write_termination_log(
            termination_log(), engine::termination_message(verdict, "", 0, ledger::RunState{}, Millis{0}));
        throw;
    }
}

}  // namespace

ExitCode run(const RunArguments& arguments, ledger::StartRequest::Intent intent) {
    const auto [config, traces] = load_or_tell(arguments.config);
    Setting setting;
    const engine::RunOptions options{.intent = intent,
                                     .run_key = arguments.run_key,
                                     .fresh = arguments.fresh,
                                     .terminal = log::stderr_is_terminal(),
                                     .version = std::string(build_version()),
                                     .traces = traces,
                                     .termination_log = termination_log()};
    return engine::run(config, options, setting.stop(), system_clock(), setting.random()).code;
}

}  // namespace pagehaul::cli
