#include "telemetry/otlp_json.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/utf8.h"

namespace pagehaul::telemetry {
namespace {

constexpr std::size_t kMaxText = 512;
constexpr std::size_t kSpanBytes = 700;  // a good guess: one growth of the buffer a batch
constexpr int kStatusError = 2;

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

class Writer {
  public:
    explicit Writer(const TraceResource& resource) : resource_(resource) {}

    void raw(std::string_view text) { out_ += text; }
    void number(std::int64_t value) { out_ += std::to_string(value); }
    void quoted_number(std::int64_t value) {
        out_ += '"';
        number(value);
        out_ += '"';
    }
    void quoted_hex(SpanId id) {
        out_ += '"';
        append_hex(out_, id);
        out_ += '"';
    }
    void trace_id() {
        out_ += '"';
        append_hex(out_, resource_.trace.high);
        append_hex(out_, resource_.trace.low);
        out_ += '"';
    }
    void time(MonoTime at) {
        const auto since = std::chrono::duration_cast<Nanos>(resource_.wall.time_since_epoch()) +
                           std::chrono::duration_cast<Nanos>(at - resource_.mono);
        quoted_number(since.count());
    }
    void literal(std::string_view text) {
        if (is_plain(text)) {
            out_ += '"';
            out_ += text;
            out_ += '"';
        } else {
            out_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        }
    }
    void text(const std::string& value) {
        std::string shown =
            resource_.redact ? resource_.redact(value, kMaxText) : std::string(utf8_prefix(value, kMaxText));
        if (value.size() > kMaxText) shown += "…";
        literal(shown);
    }

    void attributes(const std::vector<Attribute>& list) {
        raw(R"("attributes":[)");
        for (const Attribute& attribute : list) {
            if (&attribute != &list.front()) raw(",");
            raw(R"({"key":)");
            literal(attribute.key);
            raw(R"(,"value":{)");
            std::visit([this](const auto& value) { any_value(value); }, attribute.value);
            raw("}}");
        }
        raw("]");
    }

    std::string take() { return std::move(out_); }
    void reserve(std::size_t bytes) { out_.reserve(bytes); }

  private:
    void any_value(bool value) { raw(value ? R"("boolValue":true)" : R"("boolValue":false)"); }
    void any_value(std::int64_t value) {
        raw(R"("intValue":)");
        quoted_number(value);
    }
    void any_value(std::string_view value) {
        raw(R"("stringValue":)");
        literal(value);
    }
    void any_value(const std::string& value) {
        raw(R"("stringValue":)");
        text(value);
    }

    const TraceResource& resource_;
    std::string out_;
};

void write_events(Writer& writer, const std::vector<Event>& events) {
    writer.raw(R"(,"events":[)");
    for (const Event& event : events) {
        if (&event != &events.front()) writer.raw(",");
        writer.raw(R"({"timeUnixNano":)");
        writer.time(event.at);
        writer.raw(R"(,"name":)");
        writer.literal(event.name);
        writer.raw(",");
        writer.attributes(event.attributes);
        writer.raw("}");
    }
    writer.raw("]");
}

void write_links(Writer& writer, const std::vector<SpanId>& links) {
    writer.raw(R"(,"links":[)");
    for (const SpanId& link : links) {
        if (&link != &links.front()) writer.raw(",");
        writer.raw(R"({"traceId":)");
        writer.trace_id();
        writer.raw(R"(,"spanId":)");
        writer.quoted_hex(link);
        writer.raw("}");
    }
    writer.raw("]");
}

void write_span(Writer& writer, const Span& span) {
    writer.raw(R"({"traceId":)");
    writer.trace_id();
    writer.raw(R"(,"spanId":)");
    writer.quoted_hex(span.id);
    if (span.parent != 0) {
        writer.raw(R"(,"parentSpanId":)");
        writer.quoted_hex(span.parent);
    }
    writer.raw(R"(,"name":)");
    writer.literal(span.name);
    writer.raw(R"(,"kind":)");
    writer.number(static_cast<int>(span.kind));
    writer.raw(R"(,"startTimeUnixNano":)");
    writer.time(span.start);
    writer.raw(R"(,"endTimeUnixNano":)");
    writer.time(span.end);
    writer.raw(",");
    writer.attributes(span.attributes);
    if (!span.events.empty()) write_events(writer, span.events);
    if (!span.links.empty()) write_links(writer, span.links);
    if (span.failed) {
        writer.raw(R"(,"status":{"code":)");
        writer.number(kStatusError);
        if (!span.message.empty()) {
            writer.raw(R"(,"message":)");
            writer.text(span.message);
        }
        writer.raw("}");
    }
    writer.raw("}");
}

}  // namespace

std::string export_request(const TraceResource& resource, std::span<const Span> spans) {
    Writer writer(resource);
    writer.reserve(spans.size() * kSpanBytes + 1024);
    std::vector<Attribute> attributes;
    for (const auto& [key, value] : resource.attributes)
        attributes.emplace_back(key, value);
    writer.raw(R"({"resourceSpans":[{"resource":{)");
    writer.attributes(attributes);
    writer.raw(R"(},"scopeSpans":[{"scope":{"name":"pagehaul","version":)");
    writer.literal(resource.version);
    writer.raw(R"(},"spans":[)");
    for (const Span& span : spans) {
        if (&span != &spans.front()) writer.raw(",");
        write_span(writer, span);
    }
    writer.raw("]}]}]}");
    return writer.take();
}

PartialSuccess partial_success(std::string_view body, const char* counted) {
    const nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
    if (!answer.is_object()) return {};
    const auto partial = answer.find("partialSuccess");
    if (partial == answer.end() || !partial->is_object()) return {};
    PartialSuccess found;
    if (const auto count = partial->find(counted); count != partial->end()) {
        // int64 is a string in this encoding; receivers that write a number exist.
        if (count->is_number_integer()) found.rejected = count->get<std::int64_t>();
        if (count->is_string()) {
            const auto& digits = count->get_ref<const std::string&>();
            std::from_chars(digits.data(), digits.data() + digits.size(), found.rejected);
        }
    }
    if (const auto why = partial->find("errorMessage"); why != partial->end() && why->is_string())
        found.message = why->get<std::string>();
    return found;
}

}  // namespace pagehaul::telemetry
