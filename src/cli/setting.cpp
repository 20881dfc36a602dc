#include "cli/setting.h"

#include <cstdlib>

#include "config/load.h"
#include "config/yaml/variables.h"
#include "core/printable.h"
#include "engine/shared/grace_policy.h"
#include "http/proxy.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

log::Level level_of(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::debug:
            return log::Level::debug;
        case config::LogLevel::info:
            return log::Level::info;
        case config::LogLevel::warn:
            return log::Level::warn;
        case config::LogLevel::error:
            return log::Level::error;
    }
    return log::Level::info;
}

log::Format format_of(config::LogFormat format) {
    switch (format) {
        case config::LogFormat::json:
            return log::Format::json;
        case config::LogFormat::text:
            return log::Format::text;
        case config::LogFormat::automatic:
            break;
    }
    return log::stderr_is_terminal() ? log::Format::text : log::Format::json;
}

/// The settings, whose secrets the log knows now. Throws Failure.
template <class Settings>
std::optional<Settings> taught(Result<std::optional<Settings>> settings) {
    if (!settings) throw Failure(settings.error());
    if (*settings) {
        for (const std::string& secret : (*settings)->secrets)
            config::process_redactor().add(secret);
    }
    return std::move(*settings);
}

}  // namespace

std::string_view build_version() {
    return PAGEHAUL_VERSION;
}

std::string redacted(std::string_view text) {
    return config::process_redactor().redact(text);
}

std::string for_people(std::string_view text) {
    return printable(redacted(text));
}

config::Config read_config(const ConfigArguments& arguments) {
    config::Redactor& redactor = config::process_redactor();
    log::set_redactor(
        [&redactor](std::string_view text, std::size_t bytes) { return redactor.redact(text, bytes); });
    for (const std::string& secret : http::proxy_secrets(config::process_environment))
        redactor.add(secret);
    config::LoadOptions options;
    options.set = arguments.set;
    options.streams = arguments.streams;
    options.redactor = &redactor;
    auto loaded = config::load(arguments.file, options);
    if (!loaded) throw Failure(ErrorKind::config, "", config::to_text(loaded.error()));
    return std::move(*loaded);
}

void set_up_log(const config::Config& config) {
    log::configure(level_of(config.telemetry.log.level), format_of(config.telemetry.log.format));
}

config::Config load_config(const ConfigArguments& arguments) {
    config::Config config = read_config(arguments);
    set_up_log(config);
    log::set_context("pipeline", config.pipeline);
    return config;
}

std::optional<Millis> told_grace() {
    const auto text = config::process_environment("PAGEHAUL_GRACE");
    if (!text) return std::nullopt;
    const auto grace = engine::parse_grace(*text);
    if (!grace) throw Failure(grace.error());
    return *grace;
}

std::optional<telemetry::TraceSettings> load_trace_settings(const config::Config& config) {
    return taught(telemetry::trace_settings(config.telemetry.traces, config::process_environment,
                                            std::string(build_version())));
}

std::optional<telemetry::MetricSettings> load_metric_settings(const config::Config& config) {
    return taught(telemetry::metric_settings(config.telemetry.metrics, config::process_environment,
                                             std::string(build_version())));
}

}  // namespace pagehaul::cli
