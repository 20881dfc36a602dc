#include <algorithm>

#include "core/join.h"
#include "core/number_text.h"
#include "report/chart.h"
#include "report/markup.h"
#include "report/sections.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t slices_open = 25;  // beyond these the table is folded up
constexpr std::size_t why_shown = 400;

Html number_cell(std::int64_t number) {
    return cell(number_text(number));
}

Html told_cell(const std::optional<std::int64_t>& number) {
    return cell(number ? number_text(*number) : "–");
}

/// A state is told by a word and a sign, never by colour alone.
Html badge(const Slice& slice) {
    if (slice.state == "proven" && !slice.why.empty())
        return element("b", {{"class", "careful"}}, "○ " + slice.proof);
    if (slice.state == "proven")
        return element("b", {{"class", "good"}},
                       slice.proof == "pages"   ? "✓ shown by pages"
                       : slice.proof == "chain" ? "✓ the API said that it ends"
                                                : "✓ proven");
    if (slice.state == "failed") return element("b", {{"class", "bad"}}, "✕ failed");
    if (slice.state == "open") return element("b", {{"class", "careful"}}, "○ not proven");
    return element("b", slice.state);
}

Html missing_cell(const RunReport& report, const Slice& slice) {
    const auto gap = missing(report.told, slice.total, slice.done);
    if (!gap) return cell("–");
    return cell(*gap == 0 ? "0" : element("b", number_text(*gap)));
}

Html slice_row(const RunReport& report, const Slice& slice) {
    const std::string pages =
        number_text(slice.done.pages) +
        (slice.planned && *slice.planned != slice.done.pages ? " of " + number_text(*slice.planned) : "");
    Html html = row(row_head(slice_name(slice.key)) + cell(badge(slice), "word") + told_cell(slice.total) +
                    number_cell(slice.done.stored) + number_cell(slice.done.quarantined) +
                    number_cell(slice.done.duplicates) + missing_cell(report, slice) + cell(pages) +
                    number_cell(slice.pass));
    if (!slice.why.empty())
        html += element("tr", {{"class", "why"}},
                        element("td", {{"colspan", "9"}}, cut_value(slice.why, why_shown))) +
                "\n";
    return html;
}

Html slice_head(const RunReport& report) {
    const char* unit = report.told == Told::pages ? "Told (pages)" : "Told";
    const char* gap = report.told == Told::pages ? "Missing (pages)" : "Missing";
    Html head = column("Slice") + column("Proof", "word");
    for (const char* name : {unit, "Stored", "Quarantined", "Duplicate", gap, "Pages", "Pass"})
        head += column(name);
    return head;
}

Html streams_table(const RunReport& report) {
    if (report.streams.empty()) return {};
    Html rows;
    for (const Stream& of : report.streams) {
        const std::int64_t open = of.slices - of.proven - of.failed;
        const Html state =
            of.failed > 0 ? element("b", {{"class", "bad"}}, "✕ " + counted(of.failed, "slice") + " failed")
            : open > 0 ? element("b", {{"class", "careful"}}, "○ " + counted(open, "slice") + " not proven")
                       : element("b", {{"class", "good"}}, "✓ complete");
        rows += row(row_head(value(of.name)) + cell(state, "word") + number_cell(of.slices) +
                    number_cell(of.proven) + number_cell(of.pages) + number_cell(of.stored) +
                    number_cell(of.quarantined));
    }
    return table("Streams",
                 column("Stream") + column("State", "word") + column("Slices") + column("Proven") +
                     column("Pages") + column("Stored") + column("Quarantined"),
                 rows);
}

Html slices_table(const RunReport& report) {
    const auto& slices = report.slices.items;
    if (slices.empty()) return {};
    const auto rows = [&](std::size_t from, std::size_t to) {
        Html html;
        for (std::size_t i = from; i < to; ++i)
            html += slice_row(report, slices[i]);
        return html;
    };
    const std::size_t shown = std::min(slices.size(), slices_open);
    const std::string order = slices.size() > 1 ? ", failed and unproven ones first" : "";
    Html html = table("Slices" + order, slice_head(report), rows(0, shown), "slices");
    if (shown < slices.size())
        html += details(
            "Show " + counted(std::ssize(slices) - static_cast<std::int64_t>(shown), "slice") + " more",
            table("More slices", slice_head(report), rows(shown, slices.size()), "slices"));
    if (const std::int64_t left_out = report.slices.left_out(); left_out > 0)
        html += paragraph(
            number_text(left_out) + " of " + number_text(report.slices.of) +
                " slices are left out of this page: " +
                (report.slices_left_out_unproven == 0
                     ? "all of them proven."
                     : number_text(report.slices_left_out_unproven) + " of them failed or not proven."),
            "note");
    return html;
}

Html legend(const std::vector<Part>& parts) {
    Html items;
    for (const Part& part : parts)
        items += element("li", element("i", {{"class", part.style}}, "") + part.name);
    return element("ul", {{"class", "legend"}}, items) + "\n";
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
Html balance(const RunReport& report) {
    const Totals& totals = report.totals;
    const Counts& done = totals.done;
    if (totals.slices == 0) return {};
    const std::string sum = number_text(done.stored) + " stored + " + number_text(done.quarantined) +
                            " quarantined + " + number_text(done.duplicates) +
                            " duplicate = " + number_text(done.accounted());
    if (!report.streams.empty()) return paragraph("Rows of all streams: " + sum + ".");
    if (report.told == Told::nothing)
        return paragraph("The API tells no total: the end of a slice is shown by empty pages. Rows: " + sum +
                         ".");
    if (totals.slices_told == 0) return paragraph("The API has not told a total yet. Rows: " + sum + ".");
    if (report.told == Told::pages)
        return paragraph("The API told " + element("b", counted(totals.told, "page")) + told_for(totals) +
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
           paragraph("The API told " + element("b", counted(totals.told, "row")) + told_for(totals) + ": " +
                     sum + difference(report, gap));
}

Html notes(const RunReport& report) {
    Html html;
    if (report.totals.done.duplicates > 0)
        html += paragraph("A duplicate is a row that its page holds twice, byte for byte; it is stored once.",
                          "note");
    if (report.told_is_advisory)
        html += paragraph(prose("The config trusts this total as advice only (`trust: advisory`): what is "
                                "proven is that no page is missing."),
                          "note");
    if (report.totals.pages_again > 0)
        html += paragraph("The API moved while it was read: " + counted(report.totals.pages_again, "page") +
                              " of earlier passes were pulled again and count no more.",
                          "note");
    return html;
}

/// "3–7, 12": the pages that one slice lacks.
Html ranges_row(const std::vector<HoleRange>& ranges, std::size_t from, std::size_t to) {
    std::vector<std::string> pages;
    std::int64_t count = 0;
    for (std::size_t i = from; i < to; ++i) {
        pages.push_back(number_text(ranges[i].first));
        if (ranges[i].last != ranges[i].first) pages.back() += "–" + number_text(ranges[i].last);
        count += ranges[i].last - ranges[i].first + 1;
    }
    return row(row_head(slice_name(ranges[from].slice)) + number_cell(count) +
               cell(join(pages, ", "), "text"));
}

Html failed_table(const RunReport& report) {
    const auto& failed = report.failed_pages;
    if (failed.items.empty()) return {};
    Html rows;
    for (const FailedPage& page : failed.items)
        rows += row(row_head(slice_and_page(page.slice, page.no)) +
                    cell(page.for_good ? element("b", {{"class", "bad"}}, "✕ refused for good")
                                       : element("b", {{"class", "careful"}}, "○ attempts used up"),
                         "word") +
                    number_cell(page.setbacks) + cell(cut_value(page.error, why_shown), "text"));
    Html html = table(
        "Pages that failed",
        column("Page") + column("State", "word") + column("Failed tries") + column("Last cause", "text"),
        rows);
    if (failed.left_out() > 0)
        html += paragraph(number_text(failed.left_out()) + " of " + counted(failed.of, "failed page") +
                              " are left out here.",
                          "note");
    return html;
}

}  // namespace

Html completeness_section(const RunReport& report) {
    const Totals& totals = report.totals;
    std::string states = counted(totals.slices, "slice") + ": " + number_text(totals.proven) + " proven";
    if (totals.end_not_shown > 0)
        states += ", of " + number_text(totals.end_not_shown) + " the end not shown";
    if (totals.open > 0) states += ", " + number_text(totals.open) + " not proven";
    if (totals.failed > 0) states += ", " + number_text(totals.failed) + " failed";
    Html html = balance(report) + notes(report) + paragraph(states + ".");
    if (!report.run.key_overlap.empty())
        html += paragraph(element("b", {{"class", "bad"}}, "✕") + " " +
                          cut_value(report.run.key_overlap, why_shown));
    return section("completeness", "Completeness", html + streams_table(report) + slices_table(report));
}

Html holes_section(const RunReport& report) {
    const Holes& holes = report.holes;
    if (holes.ranges.of == 0 && report.failed_pages.of == 0) return {};
    const Totals& totals = report.totals;
    const bool unknown = report.told != Told::nothing && totals.slices_told < totals.slices;
    Html html =
        paragraph(counted(holes.pages, "page") + (holes.pages == 1 ? " is" : " are") + " not stored: " +
                  number_text(totals.pages_pending) + " waiting, " + number_text(totals.pages_leased) +
                  " in hand, " + number_text(totals.pages_unavailable) + " with their attempts used up, " +
                  number_text(totals.pages_refused) + " refused for good." +
                  (unknown ? " How many pages follow a page 1 that is missing, nobody knows yet." : ""));
    html += failed_table(report);
    Html rows;
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
                      column("Slice") + column("Missing") + column("Page numbers", "text"), rows);
    if (holes.ranges.left_out() > 0)
        html += paragraph(number_text(holes.ranges.left_out()) + " of " + counted(holes.ranges.of, "gap") +
                              " are left out here.",
                          "note");
    return section("holes", "What is missing", html);
}

}  // namespace pagehaul::report
