#include "core/duration_text.h"
#include "core/number_text.h"
#include "report/config_lines.h"
#include "report/markup.h"
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

Html sample_item(const Sample& sample) {
    Html html = element("p", slice_and_page(sample.slice, sample.page) +
                                 (sample.row ? ", row " + number_text(*sample.row) : ", the whole page")) +
                element("p", {{"class", "note"}}, cut_value(sample.reason, reason_shown));
    if (sample.payload.empty()) {
        html += element("p", {{"class", "note"}}, "There is no payload.");
    } else {
        html += element("pre", {{"tabindex", "0"}}, value(sample.payload));
        // Removing a secret changes the length: what is left out is told against what is stored.
        const auto shown = static_cast<std::int64_t>(cut(sample.payload, 0).left_out);
        if (shown < sample.payload_length)
            html += element("p", {{"class", "cut"}},
                            "The first " + number_text(shown) + " of " +
                                counted(sample.payload_length, "character") + "; the rest is in the ledger.");
    }
    return element("li", html) + "\n";
}

Html reason_article(const QuarantineReason& reason, bool open) {
    Html samples;
    for (const Sample& sample : reason.samples)
        samples += sample_item(sample);
    const std::string summary = reason.rows + reason.pages > std::ssize(reason.samples)
                                    ? "The first " + counted(std::ssize(reason.samples), "sample")
                                : reason.samples.size() == 1 ? "The sample"
                                                             : "All samples";
    const Html heading = cut_value(reason.reason, reason_shown) + " " +
                         element("span", {{"class", "count"}}, rows_and_pages(reason.rows, reason.pages));
    return element("article", element("h3", heading) + "\n" +
                                  element("details", {{"open", open}},
                                          element("summary", summary) +
                                              element("ul", {{"class", "samples"}}, "\n" + samples))) +
           "\n";
}

/// How it ended.
Html end_of(const Process& process) {
    if (process.alive) return element("b", {{"class", "busy"}}, "▸ at work");
    if (!process.settled) return element("b", {{"class", "bad"}}, "✕ killed or lost");
    return process.exit_code ? "in order, exit code " + std::to_string(*process.exit_code) : "in order";
}

Html done_cells(const std::optional<Process::Done>& done) {
    if (!done) return cell("–") + cell("–") + cell("–") + cell("–");
    return cell(number_text(done->pages)) + cell(number_text(done->rows)) +
           cell(number_text(done->requests)) + cell(number_text(done->setbacks));
}

Html process_rows(const RunFacts& run) {
    Html rows;
    const std::size_t from =
        run.processes.size() > processes_shown ? run.processes.size() - processes_shown : 0;
    for (std::size_t i = from; i < run.processes.size(); ++i) {
        const Process& process = run.processes[i];
        const auto lived = Millis(std::max<std::int64_t>(0, process.last_seen - process.started));
        // In a pod the process is the first of its container.
        const Html name =
            value(process.host) + (process.pid == 1 ? Html() : Html(", pid " + std::to_string(process.pid)));
        rows += row(row_head(name) + cell(time_tag(process.started), "word") +
                    cell(process.alive ? Html("–") : time_tag(process.last_seen), "word") +
                    cell(duration_text(lived)) + done_cells(process.done) + cell(end_of(process)));
    }
    return rows;
}

}  // namespace

Html quarantine_section(const RunReport& report) {
    const Quarantine& quarantine = report.quarantine;
    if (quarantine.reasons.of == 0)
        return section("quarantine", "Quarantine", paragraph("Nothing is in quarantine."));
    Html html =
        paragraph(element("b", rows_and_pages(quarantine.rows, quarantine.pages)) +
                  " could not be stored and are kept in " +
                  element("code", report.ledger_schema + ".quarantine") + " with payload and reason.");
    for (const QuarantineReason& reason : quarantine.reasons.items)
        html += reason_article(reason, &reason == &quarantine.reasons.items.front());
    if (quarantine.reasons.left_out() > 0)
        html +=
            paragraph(number_text(quarantine.reasons.left_out()) + " of " +
                          counted(quarantine.reasons.of, "reason") + ", rarer than these, are left out here.",
                      "note");
    return section("quarantine", "Quarantine", html);
}

Html details_section(const RunReport& report) {
    const RunFacts& run = report.run;
    Html facts;
    const auto add = [&](std::string_view name, const Html& told) { facts += term(name, told) + "\n"; };
    for (const auto& [name, text] : ConfigLines(run.config_text).facts())
        add(name, cut_value(text, 500));
    for (const std::string& key : run.keys)
        add("Run key", value(key));
    if (!run.stop_reason.empty()) add("Told to stop", cut_value(run.stop_reason, 500));
    Html html = element("dl", {{"class", "facts"}}, facts) + "\n";
    html += table("Processes",
                  column("Process") + column("Started", "word") + column("Last seen", "word") +
                      column("At work for") + column("Pages") + column("Rows") + column("Requests") +
                      column("Failed tries") + column("Ended"),
                  process_rows(run));
    if (run.processes.size() > processes_shown)
        html +=
            paragraph(number_text(std::ssize(run.processes) - static_cast<std::int64_t>(processes_shown)) +
                          " earlier processes are left out here.",
                      "note");
    return section("details", "Run and config", html);
}

}  // namespace pagehaul::report
