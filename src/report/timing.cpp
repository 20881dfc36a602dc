#include "report/timing.h"

#include <algorithm>
#include <array>

namespace pagehaul::report {
namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

constexpr std::array widths{second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second,
                            minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
                            hour,   2 * hour,   4 * hour,   6 * hour,    12 * hour,   day};

constexpr std::int64_t least_pause = 30 * second;
constexpr std::int64_t most_latency_buckets = 22;

}  // namespace

std::vector<Span> sittings(const std::vector<Process>& processes) {
    std::vector<Span> spans;
    for (const Process& process : processes)
        spans.push_back({process.started, std::max(process.started, process.last_seen)});
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.start < b.start; });
    std::vector<Span> joined;
    for (const Span& span : spans) {
        if (joined.empty() || span.start > joined.back().end)
            joined.push_back(span);
        else
            joined.back().end = std::max(joined.back().end, span.end);
    }
    return joined;
}

std::int64_t resumptions(const std::vector<Process>& processes) {
    return std::max<std::int64_t>(0, std::ssize(sittings(processes)) - 1);
}

std::int64_t worked_ms(const std::vector<Process>& processes) {
    std::int64_t sum = 0;
    for (const Span& span : sittings(processes))
        sum += span.end - span.start;
    return sum;
}

std::vector<Span> cut_pauses(const std::vector<Span>& sittings) {
    if (sittings.empty()) return {};
    const std::int64_t whole = sittings.back().end - sittings.front().start;
    const std::int64_t pause = std::max(whole / 10, least_pause);
    std::vector<Span> spans{sittings.front()};
    for (const Span& span : sittings) {
        if (span.start - spans.back().end >= pause)
            spans.push_back(span);
        else
            spans.back().end = std::max(spans.back().end, span.end);
    }
    return spans;
}

std::int64_t bars_of(const Span& span, std::int64_t width_ms) {
    return (span.end - span.start) / width_ms + 1;
}

std::int64_t bar_width_ms(const std::vector<Span>& spans, std::int64_t bars) {
    const auto fits = [&](std::int64_t width) {
        std::int64_t sum = 0;
        for (const Span& span : spans)
            sum += bars_of(span, width);
        return sum <= bars;
    };
    const auto found = std::find_if(widths.begin(), widths.end(), fits);
    if (found != widths.end()) return *found;
    std::int64_t width = widths.back();
    while (!fits(width) && width < 10'000 * day)
        width *= 2;
    return width;
}

std::vector<std::int64_t> latency_edges(std::int64_t fastest, std::int64_t p99) {
    const std::int64_t width = round_up((p99 - fastest) / most_latency_buckets + 1);
    std::vector<std::int64_t> edges{fastest / width * width};
    while (edges.back() <= p99)
        edges.push_back(edges.back() + width);
    return edges;
}

std::int64_t round_up(std::int64_t value) {
    for (std::int64_t power = 1;; power *= 10)
        for (const std::int64_t step : {1, 2, 5})
            if (step * power >= value || power > 100'000'000'000'000'000) return step * power;
}

}  // namespace pagehaul::report
