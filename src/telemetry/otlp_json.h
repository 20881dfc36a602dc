#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/span.h"

namespace pagehaul::telemetry {

/// What all spans of a process have in common; constant.
struct TraceResource {
    TraceId trace;
    std::vector<std::pair<std::string, std::string>>
        attributes{};       ///< of the resource, service.name among them
    std::string version{};  ///< of the instrumentation scope, pagehaul
    MonoTime mono{};        ///< one moment on both clocks: spans last as the monotonic clock measures
    WallTime wall{};
    /// Texts that hold what the outside said pass through it before they leave the process.
    std::function<std::string(std::string_view text, std::size_t bytes)> redact{};
};

/// An ExportTraceServiceRequest in OTLP's JSON encoding (opentelemetry-proto, "JSON Protobuf Encoding"): ids
/// in hex, 64-bit numbers as strings, enums as numbers. Bytes that are not UTF-8 become U+FFFD; texts beyond
/// 512 bytes are cut, and end in "…" then. Pure.
std::string export_request(const TraceResource& resource, std::span<const Span> spans);

/// How many spans or points a 2xx answer's partialSuccess says were rejected, in its member `counted`
/// (rejectedSpans, rejectedDataPoints), and why. An answer that is no JSON says nothing: 0.
struct PartialSuccess {
    std::int64_t rejected = 0;
    std::string message{};
};
PartialSuccess partial_success(std::string_view body, const char* counted);

}  // namespace pagehaul::telemetry
