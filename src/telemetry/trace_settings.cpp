#include "telemetry/trace_settings.h"

#include <utility>

#include "config/values.h"

namespace pagehaul::telemetry {
namespace {

/// The parent's word on whether to record, asked by samplers that are parentbased_….
enum class Parent { decides, is_ignored };

struct Sampler {
    Parent parent = Parent::decides;
    bool without_parent = true;  ///< whether to record when no parent decides
    double share = 1;            ///< of the pages
};

Result<Sampler> sampler_of(const std::optional<config::Traces>& config, const Variables& variables) {
    if (config && config->sampling) return Sampler{.share = *config->sampling};
    const auto named = variables.get("OTEL_TRACES_SAMPLER");
    if (!named) return Sampler{};
    std::string_view name = named->value;
    Sampler sampler;
    constexpr std::string_view parent_based = "parentbased_";
    if (name.starts_with(parent_based)) {
        name.remove_prefix(parent_based.size());
    } else {
        sampler.parent = Parent::is_ignored;
    }
    if (name == "always_on") return sampler;
    if (name == "always_off") {
        sampler.without_parent = false;
        return sampler;
    }
    if (name != "traceidratio") {
        return refuse(*named, "always_on, always_off or traceidratio, or parentbased_ and one of them");
    }
    if (const auto argument = variables.get("OTEL_TRACES_SAMPLER_ARG")) {
        const auto share = config::parse_share(argument->value);
        if (!share) return refuse(*argument, "a number from 0 to 1");
        sampler.share = *share;
    }
    return sampler;
}

Result<void> set_sampling(TraceSettings& settings, const std::optional<config::Traces>& config,
                          const Variables& variables) {
    const auto sampler = sampler_of(config, variables);
    if (!sampler) return tl::unexpected<Error>(sampler.error());
    if (const auto inherited = variables.get("TRACEPARENT")) {
        settings.parent = parse_traceparent(inherited->value);
        // Level 1, 4.3: whoever gets an invalid one begins a trace of his own.
        if (!settings.parent)
            settings.warnings.emplace_back("TRACEPARENT is no W3C traceparent: a new trace begins");
    }
    const bool decides = settings.parent && sampler->parent == Parent::decides;
    settings.recording = decides ? settings.parent->sampled : sampler->without_parent;
    settings.sampling = sampler->share;
    return {};
}

}  // namespace

Result<std::optional<TraceSettings>> trace_settings(const std::optional<config::Traces>& config,
                                                    const http::Environment& environment,
                                                    const std::string& version) {
    const Variables variables(environment);
    auto target = otlp_target(kTraces, config ? &*config : nullptr, variables, version);
    if (!target) return tl::unexpected<Error>(target.error());
    if (!*target) return std::nullopt;
    TraceSettings settings{std::move(**target)};
    if (auto done = set_sampling(settings, config, variables); !done)
        return tl::unexpected<Error>(done.error());
    settings.propagate = config && config->propagate;
    return settings;
}

}  // namespace pagehaul::telemetry
