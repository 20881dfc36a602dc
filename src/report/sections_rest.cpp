#include "core/duration_text.h"
#include "core/number_text.h"
#include "report/config_lines.h"
#include "report/sections.h"
#include "report/text.h"
#include "report/timing.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t processes_shown = 50;
constexpr std::size_t reason_shown = 500;

std::string rows_and_pages(std::int64_t rows, std::int64_t pages) {
    std::string text;
    if (rows > 0 || pages == 0) text = counted(rows, "row");
    if (pages > 0) text += (text.empty() ? "" : " and ") + counted(pages, "whole page");
    return text;
}

std::string sample_item(const Sample& sample) {
    std::string html = "<li><p>" + slice_and_page(sample.slice, sample.page) +
                       (sample.row ? ", row " + number_text(*sample.row) : std::string(", the whole page")) +
                       "</p><p class=\"note\">" + cut_value(sample.reason, reason_shown) + "</p>";
    if (sample.payload.empty()) return html + "<p class=\"note\">There is no payload.</p></li>\n";
    html += "<pre tabindex=\"0\">" + value(sample.payload) + "</pre>";
    // Removing a secret changes the length: what is left out is told against what is stored.
    if (const Cut whole = cut(sample.payload, 0);
        static_cast<std::int64_t>(whole.left_out) < sample.payload_length)
        html += "<p class=\"cut\">The first " + number_text(static_cast<std::int64_t>(whole.left_out)) +
                " of " + counted(sample.payload_length, "character") + "; the rest is in the ledger.</p>";
    return html + "</li>\n";
}

std::string process_rows(const RunFacts& run) {
    std::string rows;
    const std::size_t from =
        run.processes.size() > processes_shown ? run.processes.size() - processes_shown : 0;
    for (std::size_t i = from; i < run.processes.size(); ++i) {
        const Process& process = run.processes[i];
        const char* end = process.alive     ? "<b class=\"busy\">▸ at work</b>"
                          : process.settled ? "in order"
                                            : "<b class=\"bad\">✕ killed or lost</b>";
        rows += "<tr><th scope=\"row\">" + value(process.host) + ", pid " + std::to_string(process.pid) +
                "</th><td class=\"word\">" + time_tag(process.started) + "</td><td>" +
                duration_text(Millis(std::max<std::int64_t>(0, process.last_seen - process.started))) +
                "</td><td>" + end + "</td></tr>\n";
    }
    return rows;
}

std::string fact(std::string_view name, const std::string& html) {
    return "<div><dt>" + escape(name) + "</dt><dd>" + html + "</dd></div>\n";
}

}  // namespace

std::string quarantine_section(const RunReport& report) {
    const Quarantine& quarantine = report.quarantine;
    if (quarantine.reasons.of == 0)
        return section("quarantine", "Quarantine", paragraph("Nothing is in quarantine."));
    std::string html =
        paragraph("<b>" + rows_and_pages(quarantine.rows, quarantine.pages) +
                  "</b> could not be stored and are kept in <code>" + escape(report.ledger_schema) +
                  ".quarantine</code> with payload and reason.");
    for (const QuarantineReason& reason : quarantine.reasons.items) {
        const std::string amount = rows_and_pages(reason.rows, reason.pages);
        html += "<article><h3>" + cut_value(reason.reason, reason_shown) + " <span class=\"count\">" +
                amount + "</span></h3>\n";
        html += std::string(&reason == &quarantine.reasons.items.front() ? "<details open>" : "<details>") +
                "<summary>" +
                (reason.rows + reason.pages > std::ssize(reason.samples)
                     ? "The first " + counted(std::ssize(reason.samples), "sample")
                     : std::string(reason.samples.size() == 1 ? "The sample" : "All samples")) +
                "</summary><ul class=\"samples\">\n";
        for (const Sample& sample : reason.samples)
            html += sample_item(sample);
        html += "</ul></details></article>\n";
    }
    if (quarantine.reasons.left_out() > 0)
        html +=
            paragraph(number_text(quarantine.reasons.left_out()) + " of " +
                          counted(quarantine.reasons.of, "reason") + ", rarer than these, are left out here.",
                      "note");
    return section("quarantine", "Quarantine", html);
}

std::string details_section(const RunReport& report) {
    const RunFacts& run = report.run;
    std::string html = "<dl class=\"facts\">";
    for (const auto& [name, text] : ConfigLines(run.config_text).facts())
        html += fact(name, cut_value(text, 500));
    for (const std::string& key : run.keys)
        html += fact("Run key", value(key));
    if (!run.stop_reason.empty()) html += fact("Told to stop", cut_value(run.stop_reason, 500));
    html += "</dl>\n";
    html += table(
        "Processes",
        "<th scope=\"col\">Process</th><th scope=\"col\" class=\"word\">Started</th><th scope=\"col\">At "
        "work for</th><th scope=\"col\">Ended</th>",
        process_rows(run));
    if (run.processes.size() > processes_shown)
        html +=
            paragraph(number_text(std::ssize(run.processes) - static_cast<std::int64_t>(processes_shown)) +
                          " earlier processes are left out here.",
                      "note");
    return section("details", "Run and config", html);
}

}  // namespace pagehaul::report
