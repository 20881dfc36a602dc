#include "engine/run.h"

#include <signal.h>
#include <sys/prctl.h>

#include <utility>

#include "cli/early_end.h"
#include "cli/setting.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

/// What the environment adds to the config.
struct Surroundings {
    std::optional<telemetry::TraceSettings> traces;
    std::optional<telemetry::MetricSettings> metrics;
    std::optional<Millis> grace;
};

Surroundings surroundings_or_tell(const config::Config& config) {
    try {
        return {.traces = load_trace_settings(config),
                .metrics = load_metric_settings(config),
                .grace = told_grace()};
    } catch (const Failure& failure) {
        tell_early_end(config, failure.error());
        throw;
    }
}

ExitCode run(const RunArguments& arguments, engine::RunOptions options) {
    const config::Config config = load_or_tell(arguments.config);
    const auto [traces, metrics, grace] = surroundings_or_tell(config);
    Setting setting(grace);
    options.run_key = arguments.run_key;
    options.fresh = arguments.fresh;
    options.if_busy = arguments.if_busy;
    options.grace = &setting.grace();
    options.terminal = log::stderr_is_terminal();
    options.version = std::string(build_version());
    options.traces = traces;
    options.metrics = metrics;
    options.termination_log = termination_log();
    return engine::run(config, options, setting.stop(), system_clock(), setting.random()).code;
}

}  // namespace

ExitCode run(const RunArguments& arguments, ledger::StartRequest::Intent intent, engine::Part part) {
    engine::RunOptions options;
    options.intent = intent;
    options.part = part;
    return run(arguments, std::move(options));
}

ExitCode work(const WorkArguments& arguments) {
    // A pool that is killed cannot ask us to leave.
    if (arguments.relay) ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    engine::RunOptions options;
    options.intent = ledger::StartRequest::Intent::work;
    options.part = engine::Part::help;
    options.relay = arguments.relay;
    options.share = arguments.share;
    return run(arguments.run, std::move(options));
}

}  // namespace pagehaul::cli
