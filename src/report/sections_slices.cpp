#include <algorithm>

#include "core/number_text.h"
#include "report/chart.h"
#include "report/sections.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t slices_open = 25;  // beyond these the table is folded up
constexpr std::size_t why_shown = 400;

std::string cell(const std::string& text) {
    return "<td>" + text + "</td>";
}

std::string word_cell(const std::string& text) {
    return "<td class=\"word\">" + text + "</td>";
}

std::string number_cell(std::int64_t number) {
    return cell(number_text(number));
}

std::string told_cell(const std::optional<std::int64_t>& number) {
    return cell(number ? number_text(*number) : "–");
}

/// A state is told by a word and a sign, never by colour alone.
std::string badge(const Slice& slice) {
    if (slice.state == "proven")
        return slice.proof == "pages" ? "<b class=\"good\">✓ shown by pages</b>"
                                      : "<b class=\"good\">✓ proven</b>";
    if (slice.state == "failed") return "<b class=\"bad\">✕ failed</b>";
    if (slice.state == "open") return "<b class=\"careful\">○ not proven</b>";
    return "<b>" + escape(slice.state) + "</b>";
}

std::string missing_cell(const RunReport& report, const Slice& slice) {
    const auto gap = missing(report.told, slice.total, slice.done);
    if (!gap) return cell("–");
    return *gap == 0 ? cell("0") : "<td><b>" + number_text(*gap) + "</b></td>";
}

std::string slice_row(const RunReport& report, const Slice& slice) {
    const std::string pages =
        number_text(slice.done.pages) +
        (slice.planned && *slice.planned != slice.done.pages ? " of " + number_text(*slice.planned) : "");
    std::string row = "<tr><th scope=\"row\">" + slice_name(slice.key) + "</th>" + word_cell(badge(slice)) +
                      told_cell(slice.total) + number_cell(slice.done.stored) +
                      number_cell(slice.done.quarantined) + number_cell(slice.done.duplicates) +
                      missing_cell(report, slice) + cell(pages) + number_cell(slice.pass) + "</tr>\n";
    if (!slice.why.empty() && slice.state != "proven")
        row += "<tr class=\"why\"><td colspan=\"9\">" + cut_value(slice.why, why_shown) + "</td></tr>\n";
    return row;
}

std::string slice_head(const RunReport& report) {
    const char* unit = report.told == Told::pages ? "Told (pages)" : "Told";
    const char* gap = report.told == Told::pages ? "Missing (pages)" : "Missing";
    std::string head = "<th scope=\"col\">Slice</th><th scope=\"col\" class=\"word\">Proof</th>";
    for (const char* name : {unit, "Stored", "Quarantined", "Duplicate", gap, "Pages", "Pass"})
        head += std::string("<th scope=\"col\">") + name + "</th>";
    return head;
}

std::string slices_table(const RunReport& report) {
    const auto& slices = report.slices.items;
    if (slices.empty()) return "";
    const auto rows = [&](std::size_t from, std::size_t to) {
        std::string text;
        for (std::size_t i = from; i < to; ++i)
            text += slice_row(report, slices[i]);
        return text;
    };
    const std::size_t shown = std::min(slices.size(), slices_open);
    const std::string order = slices.size() > 1 ? ", failed and unproven ones first" : "";
    std::string html = table("Slices" + order, slice_head(report), rows(0, shown), "slices");
    if (shown < slices.size())
        html += details(
            "Show " + counted(std::ssize(slices) - static_cast<std::int64_t>(shown), "slice") + " more",
            table("More slices", slice_head(report), rows(shown, slices.size()), "slices"));
    if (const std::int64_t left_out = report.slices.left_out(); left_out > 0)
        html += paragraph(
            number_text(left_out) + " of " + number_text(report.slices.of) +
                " slices are left out of this page: " +
                (report.slices_left_out_unproven == 0
                     ? std::string("all of them proven.")
                     : number_text(report.slices_left_out_unproven) + " of them failed or not proven."),
            "note");
    return html;
}

std::string legend(const std::vector<Part>& parts) {
    std::string html = "<ul class=\"legend\">";
    for (const Part& part : parts)
        html += "<li><i class=\"" + part.style + "\"></i>" + part.name + "</li>";
    return html + "</ul>\n";
}

/// ", so 3 are missing": what lies between told and accounted for.
std::string difference(const RunReport& report, std::int64_t gap) {
    if (gap == 0)
        return report.totals.proven == report.totals.slices
                   ? ", and that agrees."
                   : ". That agrees; a proof asks for more, slice by slice.";
    if (gap < 0) return ", so the API gave " + number_text(-gap) + " more than it told.";
    const char* verb = gap == 1 ? " is " : " are ";
    return ", so " + number_text(gap) + verb + (report.run.alive() ? "still to come." : "missing.");
}

std::string told_for(const Totals& totals) {
    if (totals.slices_told == totals.slices) return "";
    return " for " + number_text(totals.slices_told) + " of " + counted(totals.slices, "slice") +
           " and has not told the others yet";
}

/// Told against what was done with it, in one bar and in one sentence.
std::string balance(const RunReport& report) {
    const Totals& totals = report.totals;
    const Counts& done = totals.done;
    if (totals.slices == 0) return "";
    const std::string sum = number_text(done.stored) + " stored + " + number_text(done.quarantined) +
                            " quarantined + " + number_text(done.duplicates) +
                            " duplicate = " + number_text(done.accounted());
    if (report.told == Told::nothing)
        return paragraph("The API tells no total: the end of a slice is shown by empty pages. Rows: " + sum +
                         ".");
    if (totals.slices_told == 0) return paragraph("The API has not told a total yet. Rows: " + sum + ".");
    if (report.told == Told::pages)
        return paragraph("The API told <b>" + counted(totals.told, "page") + "</b>" + told_for(totals) +
                         "; " + number_text(done.pages) + " are stored" +
                         difference(report, totals.told - done.pages) + " Rows: " + sum + ".");
    const std::int64_t gap = totals.told - done.accounted();
    const std::vector<Part> parts{
        {done.stored, "fill-good", number_text(done.stored) + " stored"},
        {done.duplicates, "fill-pale", number_text(done.duplicates) + " duplicate"},
        {done.quarantined, "fill-careful", number_text(done.quarantined) + " quarantined"},
        {std::max<std::int64_t>(0, gap), report.run.alive() ? "rest" : "fill-none",
         number_text(std::max<std::int64_t>(0, gap)) + (report.run.alive() ? " to come" : " missing")}};
    return draw_parts("Of " + counted(totals.told, "row") + " told: " + sum, parts) + legend(parts) +
           paragraph("The API told <b>" + counted(totals.told, "row") + "</b>" + told_for(totals) + ": " +
                     sum + difference(report, gap));
}

std::string notes(const RunReport& report) {
    std::string html;
    if (report.totals.done.duplicates > 0)
        html += paragraph("A duplicate is a row that its page holds twice, byte for byte; it is stored once.",
                          "note");
    if (report.told_is_advisory)
        html += paragraph(
            "The config trusts this total as advice only (<code>trust: advisory</code>): what is proven is "
            "that no page "
            "is missing.",
            "note");
    if (report.totals.pages_again > 0)
        html += paragraph("The API moved while it was read: " + counted(report.totals.pages_again, "page") +
                              " of earlier passes were pulled again and count no more.",
                          "note");
    return html;
}

/// "3–7, 12": the pages that one slice lacks.
std::string ranges_row(const std::vector<HoleRange>& ranges, std::size_t from, std::size_t to) {
    std::string pages;
    std::int64_t count = 0;
    for (std::size_t i = from; i < to; ++i) {
        pages += (pages.empty() ? "" : ", ") + number_text(ranges[i].first);
        if (ranges[i].last != ranges[i].first) pages += "–" + number_text(ranges[i].last);
        count += ranges[i].last - ranges[i].first + 1;
    }
    return "<tr><th scope=\"row\">" + slice_name(ranges[from].slice) + "</th><td>" + number_text(count) +
           "</td><td class=\"text\">" + pages + "</td></tr>\n";
}

std::string failed_table(const RunReport& report) {
    const auto& failed = report.failed_pages;
    if (failed.items.empty()) return "";
    std::string rows;
    for (const FailedPage& page : failed.items)
        rows += "<tr><th scope=\"row\">" + slice_and_page(page.slice, page.no) + "</th>" +
                word_cell(page.for_good ? "<b class=\"bad\">✕ refused for good</b>"
                                        : "<b class=\"careful\">○ attempts used up</b>") +
                number_cell(page.setbacks) + "<td class=\"text\">" + cut_value(page.error, why_shown) +
                "</td></tr>\n";
    std::string html =
        table("Pages that failed",
              "<th scope=\"col\">Page</th><th scope=\"col\" class=\"word\">State</th>"
              "<th scope=\"col\">Failed tries</th><th scope=\"col\" class=\"text\">Last cause</th>",
              rows);
    if (failed.left_out() > 0)
        html += paragraph(number_text(failed.left_out()) + " of " + counted(failed.of, "failed page") +
                              " are left out here.",
                          "note");
    return html;
}

}  // namespace

std::string completeness_section(const RunReport& report) {
    const Totals& totals = report.totals;
    std::string states = counted(totals.slices, "slice") + ": " + number_text(totals.proven) + " proven";
    if (totals.open > 0) states += ", " + number_text(totals.open) + " not proven";
    if (totals.failed > 0) states += ", " + number_text(totals.failed) + " failed";
    std::string html = balance(report) + notes(report) + paragraph(states + ".");
    if (!report.run.key_overlap.empty())
        html += paragraph("<b class=\"bad\">✕</b> " + cut_value(report.run.key_overlap, why_shown));
    return section("completeness", "Completeness", html + slices_table(report));
}

std::string holes_section(const RunReport& report) {
    const Holes& holes = report.holes;
    if (holes.ranges.of == 0 && report.failed_pages.of == 0) return "";
    const Totals& totals = report.totals;
    const bool unknown = report.told != Told::nothing && totals.slices_told < totals.slices;
    std::string html =
        paragraph(counted(holes.pages, "page") + (holes.pages == 1 ? " is" : " are") + " not stored: " +
                  number_text(totals.pages_pending) + " waiting, " + number_text(totals.pages_leased) +
                  " in hand, " + number_text(totals.pages_unavailable) + " with their attempts used up, " +
                  number_text(totals.pages_refused) + " refused for good." +
                  (unknown ? " How many pages follow a page 1 that is missing, nobody knows yet." : ""));
    html += failed_table(report);
    std::string rows;
    const auto& ranges = holes.ranges.items;
    for (std::size_t from = 0; from < ranges.size();) {
        std::size_t to = from;
        while (to < ranges.size() && ranges[to].slice == ranges[from].slice)
            ++to;
        rows += ranges_row(ranges, from, to);
        from = to;
    }
    if (!rows.empty())
        html += table("Missing pages by slice",
                      "<th scope=\"col\">Slice</th><th scope=\"col\">Missing</th><th scope=\"col\" "
                      "class=\"text\">Page numbers</th>",
                      rows);
    if (holes.ranges.left_out() > 0)
        html += paragraph(number_text(holes.ranges.left_out()) + " of " + counted(holes.ranges.of, "gap") +
                              " are left out here.",
                          "note");
    return section("holes", "What is missing", html);
}

}  // namespace pagehaul::report
