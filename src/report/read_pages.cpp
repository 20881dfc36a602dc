#include <algorithm>

#include "report/reading.h"
#include "report/timing.h"

namespace pagehaul::report {
namespace {

// A page counts in the last panel that began before it: one that is stored after its process was last heard
// of still has its place.
constexpr std::string_view timeline_sql = R"(
SELECT panel, (at - starts[panel]) / {width} AS bar, count(*) FILTER (WHERE counts), count(*) FILTER (WHERE NOT counts)
FROM (SELECT {done_at} AS at, p.pass = s.pass AS counts, starts,
        greatest(1, width_bucket({done_at}, starts)) AS panel
    FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id, (SELECT {starts}::bigint[] AS starts) x
    WHERE s.run_id = {run} AND p.no > 0 AND p.state = 'done' AND p.done_at IS NOT NULL) d
GROUP BY 1, 2 ORDER BY 1, 2)";

// Of every pass: each page was a request.
constexpr std::string_view percentiles_sql = R"(
SELECT count(*), min(fetch_ms), max(fetch_ms),
    percentile_disc(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY fetch_ms)
FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id
WHERE s.run_id = {run} AND p.no > 0 AND p.fetch_ms IS NOT NULL)";
constexpr std::string_view histogram_sql = R"(
SELECT width_bucket(p.fetch_ms::bigint, {edges}::bigint[]), count(*)
FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id
WHERE s.run_id = {run} AND p.no > 0 AND p.fetch_ms IS NOT NULL GROUP BY 1 ORDER BY 1)";
constexpr std::string_view slowest_sql = R"(
SELECT s.key, p.no, p.pass - s.first_pass + 1, p.fetch_ms, p.setbacks
FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id
WHERE s.run_id = {run} AND p.no > 0 AND p.fetch_ms IS NOT NULL
ORDER BY p.fetch_ms DESC, p.slice_id, p.no LIMIT {limit})";

constexpr std::string_view tries_sql = R"(
SELECT p.setbacks, count(*) FILTER (WHERE p.state = 'done'), count(*) FILTER (WHERE p.state <> 'done')
FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id
WHERE s.run_id = {run} AND p.no > 0 AND (p.state = 'done' OR p.setbacks > 0) GROUP BY 1 ORDER BY 1)";
constexpr std::string_view causes_sql = R"(
SELECT cause, times, counted, {first}, {last}, count(*) OVER (), (sum(times) OVER ())::bigint
FROM {s}.setback WHERE run_id = {run} ORDER BY times DESC, cause LIMIT {limit})";

std::vector<std::int64_t> numbers(const std::string& array) {
    std::vector<std::int64_t> values;
    for (std::size_t at = 1; at + 1 < array.size();) {
        const std::size_t end = array.find_first_of(",}", at);
        values.push_back(std::stoll(array.substr(at, end - at)));
        at = end + 1;
    }
    return values;
}

}  // namespace

void read_timeline(const Reading& reading, RunReport& report) {
    std::vector<Span> spans = cut_pauses(sittings(report.run.processes));
    if (spans.empty()) return;
    if (report.run.alive()) spans.back().end = std::max(spans.back().end, report.made);
    Timeline& timeline = report.timeline;
    timeline.width_ms = bar_width_ms(spans, max_bars);
    std::vector<std::int64_t> starts;
    for (const Span& span : spans) {
        starts.push_back(span.start);
        timeline.panels.push_back({.start = span.start, .bars = {}});
        timeline.panels.back().bars.resize(static_cast<std::size_t>(bars_of(span, timeline.width_ms)));
    }
    const auto rows = reading.ask(timeline_sql, {{"width", std::to_string(timeline.width_ms)},
                                                 {"done_at", epoch_ms("p.done_at")},
                                                 {"starts", ledger::bigint_array(starts)}});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto& bars = timeline.panels.at(static_cast<std::size_t>(rows.integer(i, 0) - 1)).bars;
        // The clocks of two machines: a page may be stored a moment before or after its process is known to
        // live.
        const auto last = std::ssize(bars) - 1;
        Timeline::Bar& bar =
            bars.at(static_cast<std::size_t>(std::clamp<std::int64_t>(rows.integer(i, 1), 0, last)));
        bar.pages += rows.integer(i, 2);
        bar.again += rows.integer(i, 3);
    }
}

void read_latency(const Reading& reading, RunReport& report) {
    const auto row = reading.ask(percentiles_sql);
    Latency& latency = report.latency;
    latency.pages = row.integer(0, 0);
    if (latency.pages == 0) return;
    latency.fastest = row.integer(0, 1);
    latency.slowest = row.integer(0, 2);
    const std::vector<std::int64_t> percentiles = numbers(row.text(0, 3));
    latency.median = percentiles.at(0);
    latency.p90 = percentiles.at(1);
    latency.p95 = percentiles.at(2);
    latency.p99 = percentiles.at(3);

    const std::vector<std::int64_t> edges = latency_edges(latency.fastest, latency.p99);
    const auto rows = reading.ask(histogram_sql, {{"edges", ledger::bigint_array(edges)}});
    // Buckets are numbered from 1; those between the first and the last that hold pages are drawn.
    const std::int64_t first = rows.integer(0, 0);
    const std::int64_t last = rows.integer(rows.size() - 1, 0);
    for (std::int64_t bucket = first; bucket <= last; ++bucket) {
        const auto from = static_cast<std::size_t>(bucket - 1);
        latency.buckets.push_back({.from_ms = edges[from], .to_ms = {}, .pages = 0});
        if (from + 1 < edges.size()) latency.buckets.back().to_ms = edges[from + 1];
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
        latency.buckets.at(static_cast<std::size_t>(rows.integer(i, 0) - first)).pages = rows.integer(i, 1);

    const auto slowest = reading.ask(slowest_sql, {{"limit", std::to_string(max_slow_pages)}});
    for (std::size_t i = 0; i < slowest.size(); ++i)
        report.slowest.push_back({.slice = reading.clean(slowest.text(i, 0)),
                                  .no = slowest.integer(i, 1),
                                  .pass = static_cast<int>(slowest.integer(i, 2)),
                                  .ms = slowest.integer(i, 3),
                                  .setbacks = slowest.integer(i, 4)});
}

void read_retries(const Reading& reading, RunReport& report) {
    const auto tries = reading.ask(tries_sql);
    for (std::size_t i = 0; i < tries.size(); ++i)
        report.retries.by_tries.push_back({.setbacks = tries.integer(i, 0),
                                           .stored = tries.integer(i, 1),
                                           .not_stored = tries.integer(i, 2)});
    const auto causes = reading.ask(causes_sql, {{"first", epoch_ms("first_at")},
                                                 {"last", epoch_ms("last_at")},
                                                 {"limit", std::to_string(max_causes)}});
    for (std::size_t i = 0; i < causes.size(); ++i) {
        report.retries.causes.of = causes.integer(i, 5);
        report.retries.setbacks = causes.integer(i, 6);
        report.retries.causes.items.push_back({.text = reading.clean(causes.text(i, 0)),
                                               .times = causes.integer(i, 1),
                                               .counted = causes.integer(i, 2),
                                               .first = causes.integer(i, 3),
                                               .last = causes.integer(i, 4)});
    }
}

}  // namespace pagehaul::report
