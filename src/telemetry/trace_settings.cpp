#include "telemetry/trace_settings.h"

#include <algorithm>

#include "config/values.h"
#include "core/ascii.h"
#include "core/percent.h"
#include "http/proxy.h"

namespace pagehaul::telemetry {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kTracesPath = "/v1/traces";
constexpr std::int64_t kMaxTimeoutMs = 3'600'000;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// A variable that is set, with its name.
struct Variable {
    std::string name;
    std::string value;
};

class Variables {
  public:
    explicit Variables(const http::Environment& environment) : environment_(environment) {}

    std::optional<Variable> get(std::string_view name) const {
        auto value = environment_(std::string(name));
        if (!value || value->empty()) return std::nullopt;
        return Variable{std::string(name), std::move(*value)};
    }
    /// The first that is set.
    std::optional<Variable> get(std::string_view traces, std::string_view general) const {
        auto found = get(traces);
        return found ? std::move(found) : get(general);
    }

  private:
    const http::Environment& environment_;
};

tl::unexpected<Error> refuse(const Variable& variable, const std::string& expected) {
    return fail(ErrorKind::config, variable.name,
                "expected " + expected + ", not \"" + variable.value + "\"");
}

/// "k=v,k=v", values percent-encoded, as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS are written
/// (after W3C Baggage). The error shows no value: it may be a secret.
Result<Pairs> parse_pairs(const Variable& variable) {
    Pairs pairs;
    std::string_view rest = variable.value;
    while (!rest.empty()) {
        const std::string_view item = trimmed(rest.substr(0, rest.find(',')));
        rest.remove_prefix(std::min(rest.find(','), rest.size() - 1) + 1);
        if (item.empty()) continue;
        const std::size_t equals = item.find('=');
        const std::string_view key = trimmed(item.substr(0, equals));
        const auto value =
            percent_decode(trimmed(item.substr(equals == std::string_view::npos ? item.size() : equals + 1)));
        if (equals == std::string_view::npos || key.empty() || !value) {
            return fail(ErrorKind::config, variable.name,
                        "expected name=value,name=value with percent-encoded values");
        }
        pairs.emplace_back(key, *value);
    }
    return pairs;
}

/// OTEL_SDK_DISABLED and OTEL_TRACES_EXPORTER: nothing is told of traces where they are off.
Result<bool> switched_off(const Variables& variables) {
    if (const auto disabled = variables.get("OTEL_SDK_DISABLED")) {
        const std::string word = lower(disabled->value);
        if (word == "true") return true;
        if (word != "false") return refuse(*disabled, "true or false");
    }
    if (const auto exporter = variables.get("OTEL_TRACES_EXPORTER")) {
        if (exporter->value == "none") return true;
        if (exporter->value != "otlp") return refuse(*exporter, "otlp or none");
    }
    return false;
}

Result<void> set_endpoint(TraceSettings& settings, const Variable& at, bool is_base) {
    const auto url = http::parse_url(at.value);
    // Its text is not shown: user info may stand in it.
    if (!url) return fail(ErrorKind::config, at.name, url.error().message);
    settings.origin = url->origin();
    settings.path = is_base ? http::join_path(url->path, kTracesPath) : url->path;
    settings.said_by = at.name;
    return {};
}

/// What goes with an endpoint of the environment: its protocol and its headers.
Result<void> set_by_environment(TraceSettings& settings, const Variables& variables) {
    const auto own = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    const auto base = variables.get("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (auto set = set_endpoint(settings, own ? *own : *base, !own); !set) return set;
    if (const auto protocol =
            variables.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
        protocol && protocol->value != "http/json" && protocol->value != "http/protobuf") {
        // Receivers of OTLP/HTTP take both of its encodings at one URL; gRPC has a port of its own.
        return refuse(*protocol, "http/json or http/protobuf, since JSON over HTTP is what is sent");
    }
    const auto headers = variables.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
    if (!headers) return {};
    auto pairs = parse_pairs(*headers);
    if (!pairs) return tl::unexpected<Error>(pairs.error());
    for (auto& [name, value] : *pairs) {
        if (!config::is_header_name(name) || !http::safe_in_header(value)) {
            return fail(ErrorKind::config, headers->name,
                        "expected names and values that a header can hold: letters, digits and "
                        "!#$%&'*+-.^_`|~ in names, no line break in values");
        }
        settings.secrets.push_back(value);
        settings.headers.emplace_back(std::move(name), std::move(value));
    }
    return {};
}

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

Result<void> set_timeout(TraceSettings& settings, const Variables& variables) {
    const auto set = variables.get("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
    if (!set) return {};
    const auto millis = config::parse_integer(set->value);
    if (!millis || *millis < 1 || *millis > kMaxTimeoutMs)
        return refuse(*set, "milliseconds from 1 to " + std::to_string(kMaxTimeoutMs));
    settings.timeout = Millis{*millis};
    return {};
}

void put(Pairs& pairs, const std::string& key, const std::string& value) {
    const auto known =
        std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
    if (known != pairs.end()) {
        known->second = value;
    } else {
        pairs.emplace_back(key, value);
    }
}

Result<void> set_resource(TraceSettings& settings, const Variables& variables, const std::string& version) {
    settings.resource = {{"service.name", "pagehaul"},
                         {"service.version", version},
                         {"telemetry.sdk.name", "pagehaul"},
                         {"telemetry.sdk.language", "cpp"},
                         {"telemetry.sdk.version", version}};
    if (const auto attributes = variables.get("OTEL_RESOURCE_ATTRIBUTES")) {
        const auto pairs = parse_pairs(*attributes);
        if (!pairs) return tl::unexpected<Error>(pairs.error());
        for (const auto& [key, value] : *pairs)
            put(settings.resource, key, value);
    }
    if (const auto name = variables.get("OTEL_SERVICE_NAME"))
        put(settings.resource, "service.name", name->value);
    return {};
}

}  // namespace

Result<std::optional<TraceSettings>> trace_settings(const std::optional<config::Traces>& config,
                                                    const http::Environment& environment,
                                                    const std::string& version) {
    const Variables variables(environment);
    const bool in_file = config && config->endpoint;
    const bool in_environment =
        variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT").has_value();
    if (!config && !in_environment) return std::nullopt;
    const auto off = switched_off(variables);
    if (!off) return tl::unexpected<Error>(off.error());
    if (*off) return std::nullopt;

    TraceSettings settings;
    Result<void> done;
    if (in_file) {
        done = set_endpoint(settings, {"telemetry.traces.endpoint", *config->endpoint}, true);
        for (const auto& [name, value] : config->headers)
            settings.headers.emplace_back(name, value.value);
    } else if (in_environment) {
        done = set_by_environment(settings, variables);
    } else {
        done = fail(ErrorKind::config, "telemetry.traces.endpoint",
                    "required: the collector's base URL, http://host:4318; here, or in "
                    "OTEL_EXPORTER_OTLP_ENDPOINT");
    }
    if (done) done = set_sampling(settings, config, variables);
    if (done) done = set_timeout(settings, variables);
    if (done) done = set_resource(settings, variables, version);
    if (!done) return tl::unexpected<Error>(done.error());
    settings.version = version;
    settings.propagate = config && config->propagate;
    return settings;
}

}  // namespace pagehaul::telemetry
