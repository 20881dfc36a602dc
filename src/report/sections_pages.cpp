#include <algorithm>

#include "core/duration_text.h"
#include "core/number_text.h"
#include "report/chart.h"
#include "report/markup.h"
#include "report/sections.h"
#include "report/text.h"
#include "report/timing.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t cause_shown = 300;
constexpr std::int64_t tries_apart = 8;  // pages with more failed tries are told in one row

struct Axis {
    std::int64_t width_ms;
    bool many_days;

    /// When a bar begins, as short as it is clear.
    std::string at(EpochMs time) const {
        const std::string clock = clock_text(time, width_ms < 60'000);
        return many_days ? day_text(time) + " " + clock_text(time, false) : clock;
    }
};

std::string bar_label(const Timeline::Bar& bar, EpochMs at, std::int64_t width_ms) {
    std::string text =
        time_text(at) + ", " + round_duration_text(Millis(width_ms)) + ": " + counted(bar.pages, "page");
    if (bar.again > 0) text += ", and " + number_text(bar.again) + " of a pass that was pulled again";
    return text;
}

Html timeline_table(const Timeline& timeline) {
    Html rows;
    for (const Timeline::Panel& panel : timeline.panels)
        for (std::size_t i = 0; i < panel.bars.size(); ++i) {
            const Timeline::Bar& bar = panel.bars[i];
            if (bar.pages + bar.again == 0) continue;
            const EpochMs at = panel.start + static_cast<std::int64_t>(i) * timeline.width_ms;
            rows +=
                row(row_head(time_text(at)) + cell(number_text(bar.pages)) + cell(number_text(bar.again)));
        }
    return table("Pages stored, by time; spans without any are left out",
                 column("From") + column("Pages") + column("Pulled again later"), rows);
}

/// Where somebody came back after a pause that the drawing cuts out.
Html pauses(const RunReport& report) {
    const std::vector<Span> spans = cut_pauses(sittings(report.run.processes));
    Html html;
    for (std::size_t i = 1; i < spans.size(); ++i)
        html += (i == 1 ? "" : "; ") + duration_text(Millis(spans[i].start - spans[i - 1].end)) + " from " +
                time_tag(spans[i - 1].end);
    if (html.empty()) return html;
    return paragraph("The dashed line is a pause in which nobody worked: " + html + ".", "note");
}

Html figure(std::string_view caption, const Html& chart, const Html& as_table) {
    return element("figure", element("figcaption", caption) + chart) + "\n" +
           details("The same as a table", as_table);
}

Html figures(const Latency& latency) {
    const std::vector<std::pair<std::string_view, std::int64_t>> measured{
        {"Fastest", latency.fastest}, {"Median", latency.median}, {"90 %", latency.p90},
        {"95 %", latency.p95},        {"99 %", latency.p99},      {"Slowest", latency.slowest}};
    Html items;
    for (const auto& [name, ms] : measured)
        items += term(name, duration_text(Millis(ms)));
    return element("dl", {{"class", "figures small"}}, items) + "\n";
}

Html slowest_table(const RunReport& report) {
    Html rows;
    for (const SlowPage& page : report.slowest)
        rows += row(row_head(slice_and_page(page.slice, page.no) +
                             (page.pass > 1 ? ", pass " + std::to_string(page.pass) : "")) +
                    cell(duration_text(Millis(page.ms))) + cell(number_text(page.setbacks)));
    return details("The " + counted(std::ssize(report.slowest), "slowest page"),
                   table("The slowest pages",
                         column("Page") + column("Its request took") + column("Failed tries before"), rows));
}

Html tries_table(const Retries& retries) {
    std::int64_t most = 1;
    for (const Tries& tries : retries.by_tries)
        most = std::max(most, tries.stored);
    Html rows;
    const auto add = [&](const std::string& name, std::int64_t stored, std::int64_t not_stored) {
        const double share = 100.0 * static_cast<double>(stored) / static_cast<double>(most);
        const int width = stored == 0 ? 0 : std::max(1, static_cast<int>(share));
        rows += row(row_head(name) + cell(number_text(stored)) + cell(number_text(not_stored)) +
                    cell(element("i", {{"style", "width:" + std::to_string(width) + "%"}}, ""), "bar"));
    };
    Tries rest;
    for (const Tries& tries : retries.by_tries) {
        if (tries.setbacks > tries_apart) {
            rest.stored += tries.stored;
            rest.not_stored += tries.not_stored;
        } else {
            add(tries.setbacks == 0 ? "none: at the first try" : number_text(tries.setbacks), tries.stored,
                tries.not_stored);
        }
    }
    if (rest.stored + rest.not_stored > 0)
        add("more than " + std::to_string(tries_apart), rest.stored, rest.not_stored);
    return table("Pages by their failed tries",
                 column("Failed tries") + column("Stored") + column("Not stored") +
                     column(element("span", {{"class", "unseen"}}, "Share of those stored"), "bar"),
                 rows);
}

Html causes_table(const Retries& retries) {
    Html rows;
    for (const Cause& cause : retries.causes.items)
        rows +=
            row(row_head(cut_value(cause.text, cause_shown), "wide") + cell(number_text(cause.times)) +
                cell(number_text(cause.counted)) + cell(time_tag(cause.first)) + cell(time_tag(cause.last)));
    Html html = table(
        "Causes",
        column("Cause") + column("Times") + column("Counted as attempt") + column("First") + column("Last"),
        rows);
    if (retries.causes.left_out() > 0)
        html += paragraph(number_text(retries.causes.left_out()) + " of " +
                              counted(retries.causes.of, "cause") + ", rarer than these, are left out here.",
                          "note");
    return html;
}

}  // namespace

Html time_section(const RunReport& report) {
    const Timeline& timeline = report.timeline;
    std::int64_t known = 0;
    Timeline::Bar best;
    EpochMs best_at = 0;
    BarChart chart{.id = "pages-chart", .title = "", .description = "", .bars = {}, .marks = {}};
    if (timeline.panels.empty())
        return section("pages", "Pages over time", paragraph("No process has worked on this run."));
    const Axis axis{.width_ms = timeline.width_ms,
                    .many_days = report.run.ended() - timeline.panels.front().start > 86'400'000};
    for (std::size_t p = 0; p < timeline.panels.size(); ++p) {
        const Timeline::Panel& panel = timeline.panels[p];
        const std::size_t step = std::max<std::size_t>(1, (panel.bars.size() + 3) / 4);
        for (std::size_t i = 0; i < panel.bars.size(); ++i) {
            const Timeline::Bar& bar = panel.bars[i];
            const EpochMs at = panel.start + static_cast<std::int64_t>(i) * timeline.width_ms;
            if (i % step == 0) chart.marks.push_back({.bar = chart.bars.size(), .text = axis.at(at)});
            chart.bars.push_back({.value = bar.pages,
                                  .pale = bar.again,
                                  .label = bar_label(bar, at, timeline.width_ms),
                                  .after_pause = p > 0 && i == 0});
            known += bar.pages + bar.again;
            if (bar.pages + bar.again > best.pages + best.again) {
                best = bar;
                best_at = at;
            }
        }
    }
    if (known == 0)
        return section(
            "pages", "Pages over time",
            paragraph(
                report.totals.done.pages == 0
                    ? "No page has been stored."
                    : verbatim("This run is older than the ledger's record of when a page was stored.")));
    chart.title = "Pages stored in each " + round_duration_text(Millis(timeline.width_ms));
    chart.description = counted(known, "page") + " in all; at most " + number_text(best.pages + best.again) +
                        " in one bar, at " + time_text(best_at) + ".";
    const bool again = report.totals.pages_again > 0;
    std::string caption =
        "Pages stored in each " + round_duration_text(Millis(timeline.width_ms)) + " (times in UTC)";
    if (again) caption += "; the pale part was pulled again later";
    const std::int64_t worked = std::max<std::int64_t>(1, worked_ms(report.run.processes));
    Html html = figure(caption, draw(chart), timeline_table(timeline)) + pauses(report);
    if (worked >= 1'000)
        html = paragraph("On average " + rate_text(report.totals.done.fetched, worked) + " rows and " +
                         rate_text(known, worked) + " pages a second of work.") +
               html;
    return section("pages", "Pages over time", html);
}

Html latency_section(const RunReport& report) {
    const Latency& latency = report.latency;
    if (latency.pages == 0)
        return section(
            "latency", "Latency of the API",
            paragraph(
                report.totals.done.pages == 0
                    ? "No page has been stored, so there is nothing to measure."
                    : verbatim("This run is older than the ledger's record of how long a request took.")));
    BarChart chart{.id = "latency-chart",
                   .title = "Pages by how long their request took",
                   .description = "Half of them took at most " + duration_text(Millis(latency.median)) +
                                  ", 95 of 100 at most " + duration_text(Millis(latency.p95)) +
                                  ", the slowest " + duration_text(Millis(latency.slowest)) + ".",
                   .bars = {},
                   .marks = {}};
    Html rows;
    for (const Latency::Bucket& bucket : latency.buckets) {
        const std::string range = bucket.to_ms ? round_duration_text(Millis(bucket.from_ms)) + " to below " +
                                                     round_duration_text(Millis(*bucket.to_ms))
                                               : round_duration_text(Millis(bucket.from_ms)) + " and more";
        chart.marks.push_back(
            {.bar = chart.bars.size(), .text = round_duration_text(Millis(bucket.from_ms))});
        chart.bars.push_back({.value = bucket.pages,
                              .pale = 0,
                              .label = range + ": " + counted(bucket.pages, "page"),
                              .after_pause = false});
        rows += row(row_head(range) + cell(number_text(bucket.pages)));
    }
    Html html = figures(latency);
    html += figure(
        "Pages by how long their request took, from sending it to the last byte of its answer; failed "
        "tries are not in it",
        draw(chart),
        table("Pages by the duration of their request", column("Duration") + column("Pages"), rows));
    if (latency.pages < report.totals.done.pages)
        html += paragraph("The duration of " + counted(report.totals.done.pages - latency.pages, "page") +
                              " is not known: they were stored by an older pagehaul.",
                          "note");
    return section("latency", "Latency of the API", html + slowest_table(report));
}

Html retries_section(const RunReport& report) {
    const Retries& retries = report.retries;
    if (retries.setbacks == 0)
        return section("retries", "Retries",
                       paragraph(retries.by_tries.empty() ? "No page has been tried to its end."
                                                          : "Every page came at its first try."));
    Html html =
        paragraph(retries.setbacks == 1 ? std::string("One try did not bring its page.")
                                        : number_text(retries.setbacks) + " tries did not bring their page.");
    html += tries_table(retries) + causes_table(retries);
    html += paragraph(
        "A failed try is not counted as an attempt of its page where the API asked for a pause, refused the "
        "page for good, or "
        "was down as a whole.",
        "note");
    return section("retries", "Retries", html);
}

}  // namespace pagehaul::report
