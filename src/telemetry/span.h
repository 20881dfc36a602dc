#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "telemetry/trace_context.h"

namespace pagehaul::telemetry {

/// A span's fact. Keys, and values of type string_view, are literals: nothing is copied where it is recorded.
struct Attribute {
    using Value = std::variant<bool, std::int64_t, std::string_view, std::string>;

    Attribute(std::string_view name, bool flag) : key(name), value(flag) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Attribute(std::string_view name, T number)
        : key(name), value(static_cast<std::int64_t>(number)) {}
    Attribute(std::string_view name, std::string_view literal) : key(name), value(literal) {}
    Attribute(std::string_view name, const char* literal) : key(name), value(std::string_view(literal)) {}
    Attribute(std::string_view name, std::string text) : key(name), value(std::move(text)) {}

    std::string_view key;
    Value value;
};

struct Event {
    std::string_view name;  ///< a literal
    MonoTime at;
    std::vector<Attribute> attributes{};
};

/// The numbers of OTLP's Span.SpanKind.
enum class SpanKind { internal = 1, client = 3 };

/// One span of the run's trace: plain data, encoded by the exporter's thread.
struct Span {
    std::string_view name;  ///< a literal
    SpanKind kind = SpanKind::internal;
    SpanId id = 0;
    SpanId parent = 0;
    MonoTime start{};
    MonoTime end{};
    std::vector<Attribute> attributes{};
    std::vector<Event> events{};
    std::vector<SpanId> links{};  ///< of the same trace
    bool failed = false;          ///< status error
    std::string message{};        ///< of the status
};

}  // namespace pagehaul::telemetry
