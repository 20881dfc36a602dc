#include "report/render.h"

#include "core/duration_text.h"
#include "core/number_text.h"
#include "report/markup.h"
#include "report/sections.h"
#include "report/style.h"
#include "report/text.h"
#include "report/timing.h"

namespace pagehaul::report {
namespace {

const char* tone_class(Words::Tone tone) {
    switch (tone) {
        case Words::Tone::good:
            return "good";
        case Words::Tone::careful:
            return "careful";
        case Words::Tone::bad:
            return "bad";
        case Words::Tone::busy:
            return "busy";
    }
    return "careful";
}

/// A check, an exclamation mark, a cross or an arrow: the tone without colour.
const char* tone_sign(Words::Tone tone) {
    switch (tone) {
        case Words::Tone::good:
            return "M6.5 12.5l4 4 7.5-9";
        case Words::Tone::careful:
            return "M12 6v7.5M12 17v.5";
        case Words::Tone::bad:
            return "M7.5 7.5l9 9M16.5 7.5l-9 9";
        case Words::Tone::busy:
            return "M9.5 7l6.5 5-6.5 5z";
    }
    return "";
}

Html verdict(const Words& words) {
    Html told = paragraph(prose(words.meaning));
    if (!words.reason.empty())
        told += paragraph("In its own words: " + cut_value(words.reason, 600), "reason");
    told += paragraph(element("b", "What now?") + " " + prose(words.next));
    const std::string code = words.exit_code ? "exit code " + std::to_string(*words.exit_code)
                             : words.tone == Words::Tone::busy ? ""
                                                               : "no exit code was recorded";
    if (!code.empty()) told += paragraph(code, "exit");
    const Html sign = element("svg", {{"class", "sign"}, {"viewBox", "0 0 24 24"}, {"aria-hidden", "true"}},
                              shape("circle", {{"cx", "12"}, {"cy", "12"}, {"r", "11"}}) +
                                  shape("path", {{"d", tone_sign(words.tone)}}));
    return element(
               "div", {{"class", std::string("verdict ") + tone_class(words.tone)}},
               sign + element("p", {{"class", "headline"}}, prose(words.headline)) + element("div", told)) +
           "\n";
}

Html figure(std::string_view name, const std::string& text, const std::string& below,
            std::string_view style = "") {
    return term(name, below.empty() ? text : text + element("small", below), style) + "\n";
}

std::string completeness(const RunReport& report) {
    const Totals& totals = report.totals;
    if (totals.slices_told == 0 || report.told == Told::nothing) return "–";
    const std::int64_t part = report.told == Told::rows ? totals.done.accounted() : totals.done.pages;
    if (totals.told == 0) return part == 0 ? "100 %" : "–";
    return percent_text(part, totals.told);
}

Html figures(const RunReport& report) {
    const Totals& totals = report.totals;
    const RunFacts& run = report.run;
    const std::int64_t failed = totals.pages_unavailable + totals.pages_refused;
    const std::string unit = report.told == Told::rows ? "row" : "page";
    const std::string of_told = totals.slices_told == 0 || report.told == Told::nothing
                                    ? "no total told"
                                    : "of " + counted(totals.told, unit) + " told" +
                                          (totals.slices_told < totals.slices ? " so far" : "");
    Html html;
    html += figure("Accounted for", completeness(report), of_told);
    html +=
        figure("Rows stored", number_text(totals.done.stored), "in " + counted(totals.done.pages, "page"));
    html += figure("Slices proven", number_text(totals.proven) + " of " + number_text(totals.slices),
                   totals.failed > 0 ? number_text(totals.failed) + " failed" : "",
                   totals.failed > 0 ? "bad" : "");
    html +=
        figure("In quarantine", number_text(report.quarantine.rows),
               report.quarantine.pages > 0 ? "and " + counted(report.quarantine.pages, "whole page") : "rows",
               report.quarantine.rows + report.quarantine.pages > 0 ? "careful" : "");
    html += figure("Pages missing", number_text(report.holes.pages),
                   failed > 0 ? number_text(failed) + " failed" : "",
                   report.holes.pages > 0 && !run.alive() ? "careful" : "");
    html += figure("Failed tries", number_text(report.retries.setbacks), "");
    const std::string median = report.latency.pages > 0 ? duration_text(Millis(report.latency.median)) : "–";
    html += figure("Median latency", median,
                   report.latency.pages > 0 ? "95 %: " + duration_text(Millis(report.latency.p95)) : "");
    html += figure("At work", duration_text(Millis(worked_ms(run.processes))),
                   resumptions(run.processes) > 0 ? "resumed " + times_text(resumptions(run.processes)) : "");
    return element("dl", {{"class", "figures"}}, html) + "\n";
}

Html when(const RunReport& report) {
    const RunFacts& run = report.run;
    Html html = "Started " + time_tag(run.created);
    if (run.alive())
        html += ", still at work at " + time_tag(report.made);
    else
        html += ", ended " + time_tag(run.ended()) + ", " + duration_text(Millis(run.ended() - run.created)) +
                " in all";
    html += "; " + number_text(std::ssize(run.processes)) +
            (run.processes.size() == 1 ? " process" : " processes");
    if (const std::int64_t times = resumptions(run.processes); times > 0)
        html += ", resumed " + times_text(times);
    return paragraph(html + ".", "when");
}

Html contents(const RunReport& report) {
    Html items;
    const bool holes = report.holes.ranges.of + report.failed_pages.of > 0;
    const auto item = [&](const std::string& id, const char* name) {
        items += element("li", element("a", {{"href", "#" + id}}, name));
    };
    item("completeness", "Completeness");
    if (holes) item("holes", "What is missing");
    item("pages", "Pages over time");
    item("latency", "Latency");
    item("retries", "Retries");
    item("quarantine", "Quarantine");
    item("details", "Run and config");
    return element("nav", {{"aria-label", "Parts of this page"}}, element("ul", items)) + "\n";
}

Html head(const RunReport& report, const Words& words) {
    const Html title = report.run.pipeline + ", run " + std::to_string(report.run.id) + ": ";
    return verbatim(
               "<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n"
               // Nothing is asked for and nothing runs, whatever a text from outside may try.
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
               "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n") +
           void_element("meta", {{"name", "generator"}, {"content", "pagehaul " + report.version}}) + "\n" +
           void_element("link", {{"rel", "icon"}, {"href", "data:,"}}) + "\n" +
           element("title", title + prose(words.headline)) + "\n" + element("style", verbatim(style)) + "\n";
}

Html header(const RunReport& report, const Words& words) {
    const RunFacts& run = report.run;
    const std::string over = (run.is_retry ? "Retry run " : "Run ") + std::to_string(run.id) + " of pipeline";
    return element("p", {{"class", "over"}}, over) + element("h1", value(run.pipeline)) + "\n" +
           when(report) + verdict(words) + figures(report) + contents(report);
}

Html sections(const RunReport& report) {
    return completeness_section(report) + holes_section(report) + time_section(report) +
           latency_section(report) + retries_section(report) + quarantine_section(report) +
           details_section(report);
}

}  // namespace

std::string render(const RunReport& report) {
    const Words words = words_for(report);
    const Html footer = "Made from the ledger by pagehaul " + report.version + " at " +
                        time_tag(report.made) + ". This page holds everything it shows: it asks for nothing.";
    const Html body = element("header", header(report, words)) + "\n" +
                      element("main", "\n" + sections(report)) + "\n" +
                      element("footer", element("p", footer)) + "\n";
    const Html page = verbatim("<!doctype html>\n") +
                      element("html", {{"lang", "en"}},
                              "\n" + element("head", "\n" + head(report, words)) + "\n" +
                                  element("body", "\n" + body) + "\n") +
                      "\n";
    return page.source();
}

}  // namespace pagehaul::report
