#include "engine/tell/run_trace.h"

#include <utility>

#include "engine/shared/transports.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

constexpr Millis kTraceConnectTimeout{2'000};
// Beside the last push of metrics, and no longer than that: the chart's grace period knows of one of them.
constexpr Millis kTraceFlushLimit{2'500};

}  // namespace

std::unique_ptr<telemetry::Tracer> tracer_for(Context& context, const telemetry::TraceSettings& settings) {
    for (const std::string& warning : settings.warnings)
        log::warn(warning, {});
    if (!settings.recording && !settings.propagate && !settings.parent) return nullptr;
    auto tracer = std::make_unique<telemetry::Tracer>(
        settings,
        telemetry::Tracer::Parts{
            .transport = settings.recording
                             ? transport_for(settings.origin, kTraceConnectTimeout, context.clock)
                             : nullptr,
            .source_url = context.config.source.base_url,
            .redact = log::excerpt},
        context.clock, context.random);
    tracer->describe_run({{"pagehaul.pipeline", context.config.pipeline}});
    log::set_context("trace_id", telemetry::hex(tracer->trace()));
    return tracer;
}

void end_trace(telemetry::Tracer& tracer, const Context& context, const Verdict& verdict,
               const Grace& grace) {
    tracer.describe_run({{"pagehaul.verdict", verdict.word},
                         {"pagehaul.exit_code", static_cast<int>(verdict.code)},
                         {"pagehaul.pages_stored", context.tallies.pages_stored.load()},
                         {"pagehaul.rows_stored", context.tallies.rows_stored.load()},
                         {"pagehaul.requests", context.tallies.requests.load()},
                         {"pagehaul.retries", context.tallies.retries.load()}});
    const bool well = verdict.code == ExitCode::ok || verdict.code == ExitCode::terminated ||
                      verdict.code == ExitCode::interrupted;
    tracer.end_run(well ? "" : "exit_" + std::to_string(static_cast<int>(verdict.code)), verdict.reason,
                   context.clock.now() + grace.within(StopPart::push, kTraceFlushLimit));
}

}  // namespace pagehaul::engine
