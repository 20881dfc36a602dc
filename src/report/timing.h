#pragma once

#include <cstdint>
#include <vector>

#include "report/run_report.h"

namespace pagehaul::report {

// Pure rules of how time is laid out.

struct Span {
    EpochMs start = 0, end = 0;
    bool operator==(const Span&) const = default;
};

/// When anybody was at work: the processes' lives, those that touch or overlap made one. In order.
std::vector<Span> sittings(const std::vector<Process>& processes);
/// How often nobody was left and somebody came back.
std::int64_t resumptions(const std::vector<Process>& processes);
std::int64_t worked_ms(const std::vector<Process>& processes);

/// The spans to draw side by side: a pause of at least a tenth of the whole, and of half a minute, is cut
/// out.
std::vector<Span> cut_pauses(const std::vector<Span>& sittings);

/// The smallest round width at which the spans take at most `bars` bars in all.
std::int64_t bar_width_ms(const std::vector<Span>& spans, std::int64_t bars);
std::int64_t bars_of(const Span& span, std::int64_t width_ms);

/// Edges of the latency histogram, in ms: at most two dozen buckets of one round width from the fastest to
/// p99, so that its shape shows. What is slower than the last edge is one bucket more.
std::vector<std::int64_t> latency_edges(std::int64_t fastest, std::int64_t p99);

/// A round number not below `value`: 1, 2 or 5 times a power of ten. At least 1.
std::int64_t round_up(std::int64_t value);

}  // namespace pagehaul::report
