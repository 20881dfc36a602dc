#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/proxy.h"
#include "http/transport.h"

namespace pagehaul::telemetry {

/// What tells one of OTLP's signals from another.
struct Signal {
    std::string_view word;  ///< in a variable's name, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
    std::string_view path;  ///< added to a base URL
    std::string_view key;   ///< where the config has its endpoint
};
inline constexpr Signal kTraces{"TRACES", "/v1/traces", "telemetry.traces.endpoint"};
inline constexpr Signal kMetrics{"METRICS", "/v1/metrics", "telemetry.metrics.endpoint"};

/// How much of an answer is read, and how much of it is told, in bytes.
constexpr std::size_t kMaxReply = 64UL * 1024;
constexpr std::size_t kReplyExcerpt = 200;

/// Where a signal goes, and who we say we are.
struct OtlpTarget {
    std::string origin{};   ///< scheme://host[:port], for http::TransportOptions::base_url
    std::string path{};     ///< of the requests
    std::string said_by{};  ///< where the endpoint stands: Signal::key, or a variable's name
    http::Headers headers{};
    std::vector<std::string> secrets{};  ///< from the environment, for the redactor
    Millis timeout{10'000};              ///< of one export, its repetitions included
    std::vector<std::pair<std::string, std::string>> resource{};
    std::string version{};  ///< our own
    std::vector<std::string> warnings{};
};

/// A variable that is set, with its name.
struct Variable {
    std::string name;
    std::string value;
};

/// The environment as OpenTelemetry reads it: a variable that is empty counts as not set.
class Variables {
  public:
    explicit Variables(const http::Environment& environment) : environment_(environment) {}

    std::optional<Variable> get(std::string_view name) const;
    /// OTEL_EXPORTER_OTLP_<signal>_`what`, or OTEL_EXPORTER_OTLP_`what`.
    std::optional<Variable> of_signal(const Signal& signal, std::string_view what) const;

  private:
    const http::Environment& environment_;
};

/// An error of kind config that shows the value: not for secrets.
tl::unexpected<Error> refuse(const Variable& variable, const std::string& expected);

/// A number of milliseconds from 1 to an hour, or nothing where the variable is not set.
Result<std::optional<Millis>> millis_of(const std::optional<Variable>& variable);

/// The target from the config's section and the OTEL_* variables (OpenTelemetry's "Environment Variable
/// Specification" and "OTLP Exporter Configuration"), or nothing: the signal is not exported. A key of the
/// file beats the variable that means the same; OTEL_SDK_DISABLED=true and OTEL_<signal>_EXPORTER=none beat
/// both. The headers of the environment belong to the environment's endpoint and go nowhere else. Fails (kind
/// config) on a value that cannot be meant, if the signal would be exported.
Result<std::optional<OtlpTarget>> otlp_target(const Signal& signal, const config::Collector* config,
                                              const Variables& variables, const std::string& version);

}  // namespace pagehaul::telemetry
