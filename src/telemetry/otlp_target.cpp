#include "telemetry/otlp_target.h"

#include <algorithm>

#include "config/values.h"
#include "core/ascii.h"
#include "core/percent.h"
#include "core/split.h"
#include "core/trim.h"
#include "http/url.h"

namespace pagehaul::telemetry {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t kMaxMs = 3'600'000;

constexpr std::string_view kBlanks = " \t";

/// "k=v,k=v", values percent-encoded, as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS are written
/// (after W3C Baggage). The error shows no value: it may be a secret.
Result<Pairs> parse_pairs(const Variable& variable) {
    Pairs pairs;
    for (const std::string_view part : split(variable.value, ',')) {
        const std::string_view item = trimmed(part, kBlanks);
        if (item.empty()) continue;
        const std::size_t equals = item.find('=');
        const std::string_view key = trimmed(item.substr(0, equals), kBlanks);
        const auto value = percent_decode(
            trimmed(item.substr(equals == std::string_view::npos ? item.size() : equals + 1), kBlanks));
        if (equals == std::string_view::npos || key.empty() || !value) {
            return fail(ErrorKind::config, variable.name,
                        "expected name=value,name=value with percent-encoded values");
        }
        pairs.emplace_back(key, *value);
    }
    return pairs;
}

/// OTEL_SDK_DISABLED and OTEL_<signal>_EXPORTER: nothing is told of a signal that is off.
Result<bool> switched_off(const Signal& signal, const Variables& variables) {
    if (const auto disabled = variables.get("OTEL_SDK_DISABLED")) {
        const std::string word = lower(disabled->value);
        if (word == "true") return true;
        if (word != "false") return refuse(*disabled, "true or false");
    }
    if (const auto exporter = variables.get("OTEL_" + std::string(signal.word) + "_EXPORTER")) {
        if (exporter->value == "none") return true;
        if (exporter->value != "otlp") return refuse(*exporter, "otlp or none");
    }
    return false;
}

/// `added`: to a base URL; empty: it is taken as it is.
Result<void> set_endpoint(OtlpTarget& target, const Variable& at, std::string_view added) {
    const auto url = http::parse_url(at.value);
    // Its text is not shown: user info may stand in it.
    if (!url) return fail(ErrorKind::config, at.name, url.error().message);
    target.origin = url->origin();
    target.path = added.empty() ? url->path : http::join_path(url->path, added);
    target.said_by = at.name;
    return {};
}

/// What goes with an endpoint of the environment: its protocol and its headers.
Result<void> set_by_environment(OtlpTarget& target, const Signal& signal, const Variables& variables) {
    const auto at = variables.of_signal(signal, "ENDPOINT");
    const bool is_base = at->name == "OTEL_EXPORTER_OTLP_ENDPOINT";
    if (auto set = set_endpoint(target, *at, is_base ? signal.path : ""); !set) return set;
    if (const auto protocol = variables.of_signal(signal, "PROTOCOL");
        protocol && protocol->value != "http/json" && protocol->value != "http/protobuf") {
        // Receivers of OTLP/HTTP take both of its encodings at one URL; gRPC has a port of its own.
        return refuse(*protocol, "http/json or http/protobuf, since JSON over HTTP is what is sent");
    }
    const auto headers = variables.of_signal(signal, "HEADERS");
    if (!headers) return {};
    auto pairs = parse_pairs(*headers);
    if (!pairs) return tl::unexpected<Error>(pairs.error());
    for (auto& [name, value] : *pairs) {
        if (!config::is_header_name(name) || !http::safe_in_header(value)) {
            return fail(ErrorKind::config, headers->name,
                        "expected names and values that a header can hold: letters, digits and "
                        "!#$%&'*+-.^_`|~ in names, no line break in values");
        }
        target.secrets.push_back(value);
        target.headers.emplace_back(std::move(name), std::move(value));
    }
    return {};
}

Result<void> set_timeout(OtlpTarget& target, const std::optional<Variable>& variable) {
    const auto timeout = millis_of(variable);
    if (!timeout) return tl::unexpected<Error>(timeout.error());
    if (*timeout) target.timeout = **timeout;
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

Result<void> set_resource(OtlpTarget& target, const Variables& variables, const std::string& version) {
    target.resource = {{"service.name", "pagehaul"},
                       {"service.version", version},
                       {"telemetry.sdk.name", "pagehaul"},
                       {"telemetry.sdk.language", "cpp"},
                       {"telemetry.sdk.version", version}};
    if (const auto attributes = variables.get("OTEL_RESOURCE_ATTRIBUTES")) {
        const auto pairs = parse_pairs(*attributes);
        if (!pairs) return tl::unexpected<Error>(pairs.error());
        for (const auto& [key, value] : *pairs)
            put(target.resource, key, value);
    }
    if (const auto name = variables.get("OTEL_SERVICE_NAME"))
        put(target.resource, "service.name", name->value);
    return {};
}

}  // namespace

std::optional<Variable> Variables::get(std::string_view name) const {
    auto value = environment_(std::string(name));
    if (!value || value->empty()) return std::nullopt;
    return Variable{std::string(name), std::move(*value)};
}

std::optional<Variable> Variables::of_signal(const Signal& signal, std::string_view what) const {
    const std::string prefix = "OTEL_EXPORTER_OTLP_";
    auto own = get(prefix + std::string(signal.word) + "_" + std::string(what));
    return own ? std::move(own) : get(prefix + std::string(what));
}

tl::unexpected<Error> refuse(const Variable& variable, const std::string& expected) {
    return fail(ErrorKind::config, variable.name,
                "expected " + expected + ", not \"" + variable.value + "\"");
}

Result<std::optional<Millis>> millis_of(const std::optional<Variable>& variable) {
    if (!variable) return std::nullopt;
    const auto millis = config::parse_integer(variable->value);
    if (!millis || *millis < 1 || *millis > kMaxMs)
        return refuse(*variable, "milliseconds from 1 to " + std::to_string(kMaxMs));
    return Millis{*millis};
}

Result<std::optional<OtlpTarget>> otlp_target(const Signal& signal, const config::Collector* config,
                                              const Variables& variables, const std::string& version) {
    const bool in_file = config != nullptr && config->endpoint;
    const bool in_environment = variables.of_signal(signal, "ENDPOINT").has_value();
    if (config == nullptr && !in_environment) return std::nullopt;
    const auto off = switched_off(signal, variables);
    if (!off) return tl::unexpected<Error>(off.error());
    if (*off) return std::nullopt;

    OtlpTarget target{.version = version};
    Result<void> done;
    if (in_file) {
        done = set_endpoint(target, {std::string(signal.key), *config->endpoint}, signal.path);
        for (const auto& [name, value] : config->headers)
            target.headers.emplace_back(name, value.value);
    } else if (in_environment) {
        done = set_by_environment(target, signal, variables);
    } else {
        done = fail(ErrorKind::config, std::string(signal.key),
                    "required: the collector's base URL, http://host:4318; here, or in "
                    "OTEL_EXPORTER_OTLP_ENDPOINT");
    }
    if (done) done = set_timeout(target, variables.of_signal(signal, "TIMEOUT"));
    if (done) done = set_resource(target, variables, version);
    if (!done) return tl::unexpected<Error>(done.error());
    return target;
}

}  // namespace pagehaul::telemetry
