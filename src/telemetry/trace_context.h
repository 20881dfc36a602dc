#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/random.h"

namespace pagehaul::telemetry {

/// 128 bits, never all zero in use.
struct TraceId {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend bool operator==(const TraceId&, const TraceId&) = default;
};

/// 64 bits; 0 is no span.
using SpanId = std::uint64_t;

/// Lower-case hex, 32 and 16 digits.
std::string hex(const TraceId& id);
std::string hex(SpanId id);
void append_hex(std::string& out, std::uint64_t value);

/// The header and the environment variable of W3C Trace Context (Level 1, 3.2): who is the parent, and
/// whether it is recorded.
struct TraceParent {
    TraceId trace;
    SpanId span = 0;
    bool sampled = false;
    friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

/// Nothing if the text is none. Later versions than 00 are read as the rule for them says: what is known, and
/// the rest ignored.
std::optional<TraceParent> parse_traceparent(std::string_view text);
std::string to_text(const TraceParent& parent);

/// The ids of one process' spans, from one random seed: no lock, and no two handed out are equal.
/// Thread-safe.
class IdSource {
  public:
    explicit IdSource(Random& random);

    /// A trace of our own.
    TraceId trace() const { return trace_; }
    SpanId next();
    /// Always the same for the same key, so that children need not ask who their parent is.
    SpanId of(std::int64_t key) const;

  private:
    TraceId trace_;
    std::uint64_t seed_;
    std::atomic<std::uint64_t> handed_out_{0};
};

/// Head sampling of a page: all its attempts are recorded, or none. `seed` differs from run to run. Pure.
bool is_sampled(std::uint64_t seed, std::int64_t page, double ratio);

}  // namespace pagehaul::telemetry
