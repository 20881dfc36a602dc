#include "cli/setting.h"

#include <cstdlib>

#include "config/load.h"
#include "config/yaml/variables.h"
#include "http/transport.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

config::Redactor& redactor() {
    static config::Redactor instance;
    return instance;
}

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

}  // namespace

std::string_view build_version() {
    return PAGEHAUL_VERSION;
}

std::string redacted(const std::string& text) {
    return redactor().redact(text);
}

config::Config load_config(const ConfigArguments& arguments) {
    log::set_redactor(redacted);
    config::LoadOptions options;
    options.set = arguments.set;
    options.redactor = &redactor();
    auto loaded = config::load(arguments.file, options);
    if (!loaded) throw Failure(ErrorKind::config, "", config::to_text(loaded.error()));
    log::configure(level_of(loaded->telemetry.log.level), format_of(loaded->telemetry.log.format));
    log::set_context("pipeline", loaded->pipeline);
    return std::move(*loaded);
}

std::optional<telemetry::TraceSettings> load_trace_settings(const config::Config& config) {
    auto settings = telemetry::trace_settings(config.telemetry.traces, config::process_environment,
                                              std::string(build_version()));
    if (!settings) throw Failure(settings.error());
    if (*settings) {
        for (const std::string& secret : (*settings)->secrets)
            redactor().add(secret);
    }
    return std::move(*settings);
}

Setting::Setting() : signals_(stop_) {
    // cpprestsdk's pool: 2 threads carry 32 requests in flight at a third of the CPU that 32 threads take.
    http::initialize_pool(2);
}

}  // namespace pagehaul::cli
