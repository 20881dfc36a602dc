#include "telemetry/metric_settings.h"

#include <utility>

#include "core/ascii.h"

namespace pagehaul::telemetry {
namespace {

Result<void> set_interval(MetricSettings& settings, const std::optional<config::OtlpMetrics>& config,
                          const Variables& variables) {
    if (config && config->interval) {
        settings.interval = *config->interval;
        return {};
    }
    const auto interval = millis_of(variables.get("OTEL_METRIC_EXPORT_INTERVAL"));
    if (!interval) return tl::unexpected<Error>(interval.error());
    if (*interval) settings.interval = **interval;
    return {};
}

/// Dashboard and alerts read values, not what was added since the last export.
void warn_of_another_temporality(MetricSettings& settings, const Variables& variables) {
    const auto preferred = variables.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    if (preferred && lower(preferred->value) != "cumulative")
        settings.warnings.push_back(preferred->name + " is not cumulative: metrics are sent so all the same");
}

}  // namespace

Result<std::optional<MetricSettings>> metric_settings(const std::optional<config::OtlpMetrics>& config,
                                                      const http::Environment& environment,
                                                      const std::string& version) {
    const Variables variables(environment);
    auto target = otlp_target(kMetrics, config ? &*config : nullptr, variables, version);
    if (!target) return tl::unexpected<Error>(target.error());
    if (!*target) return std::nullopt;
    MetricSettings settings{std::move(**target)};
    std::erase_if(settings.resource,
                  [](const auto& attribute) { return attribute.first == "service.instance.id"; });
    if (auto done = set_interval(settings, config, variables); !done)
        return tl::unexpected<Error>(done.error());
    warn_of_another_temporality(settings, variables);
    return settings;
}

}  // namespace pagehaul::telemetry
