#include "report/markup.h"

#include <algorithm>

#include "core/number_text.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t unbroken = 26;  // so long, and a part of a slice's key fits a phone in one line

}  // namespace

Html prose(std::string_view text) {
    Html html;
    for (bool is_code = false;; is_code = !is_code) {
        const std::size_t tick = std::min(text.find('`'), text.size());
        const std::string_view part = text.substr(0, tick);
        html += is_code ? element("code", part) : part;
        if (tick == text.size()) return html;
        text.remove_prefix(tick + 1);
    }
}

Html value(std::string_view text) {
    return element("bdi", text);
}

Html cut_value(std::string_view text, std::size_t most) {
    const Cut shown = cut(text, most);
    if (shown.left_out == 0) return value(shown.text);
    const std::string more = counted(static_cast<std::int64_t>(shown.left_out), "character");
    return value(shown.text) + " " + element("span", {{"class", "cut"}}, "… and " + more + " more");
}

Html time_tag(EpochMs at) {
    return element("time", {{"datetime", machine_time(at)}}, time_text(at));
}

Html section(std::string_view id, std::string_view title, const Html& body) {
    const std::string heading = std::string(id) + "-h";
    return element("section", {{"id", id}, {"aria-labelledby", heading}},
                   element("h2", {{"id", heading}}, title) + "\n" + body) +
           "\n";
}

Html paragraph(const Html& content, std::string_view style) {
    return element("p", {{"class", style}}, content) + "\n";
}

Html details(std::string_view summary, const Html& body) {
    return element("details", element("summary", summary) + "\n" + body) + "\n";
}

Html term(std::string_view name, const Html& told, std::string_view style) {
    return element("div", {{"class", style}}, element("dt", name) + element("dd", told));
}

Html table(std::string_view caption, const Html& head, const Html& rows, std::string_view style) {
    return element("div",
                   {{"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", caption}},
                   element("table", {{"class", style}},
                           element("caption", caption) + element("thead", element("tr", head)) +
                               element("tbody", "\n" + rows))) +
           "\n";
}

Html column(const Html& name, std::string_view style) {
    return element("th", {{"scope", "col"}, {"class", style}}, name);
}

Html row(const Html& cells) {
    return element("tr", cells) + "\n";
}

Html row_head(const Html& content, std::string_view style) {
    return element("th", {{"scope", "row"}, {"class", style}}, content);
}

Html cell(const Html& content, std::string_view style) {
    return element("td", {{"class", style}}, content);
}

Html slice_name(std::string_view slice) {
    Html name;
    for (std::size_t at = 0; at <= slice.size();) {
        const std::size_t comma = std::min(slice.find(',', at), slice.size());
        const std::string_view part = slice.substr(at, std::min(comma + 1, slice.size()) - at);
        if (at > 0) name += void_element("wbr");
        name += part.size() <= unbroken ? element("span", part) : part;
        at = comma + 1;
    }
    return element("bdi", name);
}

std::string times_text(std::int64_t times) {
    if (times == 1) return "once";
    return times == 2 ? "twice" : number_text(times) + " times";
}

Html slice_and_page(std::string_view slice, std::int64_t page) {
    return slice_name(slice) + ", " + (page == 0 ? "the proof" : "page " + number_text(page));
}

}  // namespace pagehaul::report
