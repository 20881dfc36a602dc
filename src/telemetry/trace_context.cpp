#include "telemetry/trace_context.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pagehaul::telemetry {
namespace {

constexpr std::size_t kVersion = 2, kTrace = 32, kSpan = 16, kFlags = 2;
constexpr std::size_t kTextSize = kVersion + 1 + kTrace + 1 + kSpan + 1 + kFlags;
constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;  // of SplitMix64

/// The output function of SplitMix64 (Steele, Lea, Flood 2014): a bijection, so different inputs give
/// different ids.
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EB;
    return value ^ (value >> 31U);
}

std::uint64_t random_bits(Random& random) {
    constexpr double two_to_32 = 4294967296.0;
    const auto half = [&] { return static_cast<std::uint64_t>(random.unit() * two_to_32); };
    const std::uint64_t high = half();
    return high << 32U | half();
}

/// Lower-case hex alone: capitals are no traceparent.
std::optional<std::uint64_t> parse_hex(std::string_view digits) {
    const bool good = std::all_of(digits.begin(), digits.end(),
                                  [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    std::uint64_t value = 0;
    if (!good) return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

}  // namespace

void append_hex(std::string& out, std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, kSpan> text{};
    for (std::size_t i = text.size(); i-- > 0; value >>= 4U)
        text[i] = digits[value & 15U];
    out.append(text.data(), text.size());
}

std::string hex(const TraceId& id) {
    std::string text;
    append_hex(text, id.high);
    append_hex(text, id.low);
    return text;
}

std::string hex(SpanId id) {
    std::string text;
    append_hex(text, id);
    return text;
}

std::optional<TraceParent> parse_traceparent(std::string_view text) {
    if (text.size() < kTextSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    const auto version = parse_hex(text.substr(0, kVersion));
    const auto high = parse_hex(text.substr(3, 16));
    const auto low = parse_hex(text.substr(19, 16));
    const auto span = parse_hex(text.substr(36, kSpan));
    const auto flags = parse_hex(text.substr(53, kFlags));
    if (!version || !high || !low || !span || !flags || *version == 0xff) return std::nullopt;
    if (text.size() > kTextSize && (*version == 0 || text[kTextSize] != '-')) return std::nullopt;
    const TraceParent parent{
        .trace = {.high = *high, .low = *low}, .span = *span, .sampled = (*flags & 1U) != 0};
    if (parent.trace == TraceId{} || parent.span == 0) return std::nullopt;
    return parent;
}

std::string to_text(const TraceParent& parent) {
    std::string text = "00-";
    append_hex(text, parent.trace.high);
    append_hex(text, parent.trace.low);
    text += '-';
    append_hex(text, parent.span);
    text += parent.sampled ? "-01" : "-00";
    return text;
}

IdSource::IdSource(Random& random)
    : trace_{.high = random_bits(random), .low = random_bits(random)}, seed_(random_bits(random)) {
    if (trace_ == TraceId{}) trace_.low = 1;
}

SpanId IdSource::next() {
    SpanId id = 0;
    while (id == 0)
        id = mix(seed_ + kStep * (++handed_out_));
    return id;
}

SpanId IdSource::of(std::int64_t key) const {
    const SpanId id = mix(~seed_ ^ mix(static_cast<std::uint64_t>(key)));
    return id == 0 ? 1 : id;
}

bool is_sampled(std::uint64_t seed, std::int64_t page, double ratio) {
    constexpr double two_to_minus_53 = 1.0 / 9007199254740992.0;
    const std::uint64_t bits = mix(seed + kStep * static_cast<std::uint64_t>(page));
    return static_cast<double>(bits >> 11U) * two_to_minus_53 < ratio;
}

}  // namespace pagehaul::telemetry
