#include <algorithm>

#include "core/number_text.h"
#include "report/sections.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

constexpr std::size_t unbroken = 26;  // so long, and a part of a slice's key fits a phone in one line

}  // namespace

std::string prose(std::string_view text) {
    const std::string escaped = escape(text);
    std::string out;
    bool inside = false;
    for (const char c : escaped) {
        if (c != '`') {
            out += c;
            continue;
        }
        out += inside ? "</code>" : "<code>";
        inside = !inside;
    }
    return inside ? out + "</code>" : out;
}

std::string value(std::string_view text) {
    return "<bdi>" + escape(text) + "</bdi>";
}

std::string cut_value(std::string_view text, std::size_t most) {
    const Cut shown = cut(text, most);
    if (shown.left_out == 0) return value(shown.text);
    return value(shown.text) + " <span class=\"cut\">… and " +
           counted(static_cast<std::int64_t>(shown.left_out), "character") + " more</span>";
}

std::string time_tag(EpochMs at) {
    return "<time datetime=\"" + machine_time(at) + "\">" + time_text(at) + "</time>";
}

std::string section(std::string_view id, std::string_view title, std::string_view body) {
    const std::string name = escape(id);
    return "<section id=\"" + name + "\" aria-labelledby=\"" + name + "-h\"><h2 id=\"" + name + "-h\">" +
           escape(title) + "</h2>\n" + std::string(body) + "</section>\n";
}

std::string table(std::string_view caption, std::string_view head, std::string_view rows,
                  std::string_view style) {
    const std::string name = escape(caption);
    return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + name + "\"><table" +
           (style.empty() ? "" : " class=\"" + std::string(style) + "\"") + "><caption>" + name +
           "</caption><thead><tr>" + std::string(head) + "</tr></thead><tbody>\n" + std::string(rows) +
           "</tbody></table></div>\n";
}

std::string paragraph(std::string_view html, std::string_view style) {
    return "<p" + (style.empty() ? "" : " class=\"" + std::string(style) + "\"") + ">" + std::string(html) +
           "</p>\n";
}

std::string times_text(std::int64_t times) {
    if (times == 1) return "once";
    return times == 2 ? "twice" : number_text(times) + " times";
}

std::string details(std::string_view summary, std::string_view body) {
    return "<details><summary>" + escape(summary) + "</summary>\n" + std::string(body) + "</details>\n";
}

std::string slice_name(std::string_view slice) {
    std::string name = "<bdi>";
    for (std::size_t at = 0; at <= slice.size();) {
        const std::size_t comma = std::min(slice.find(',', at), slice.size());
        const std::string_view part = slice.substr(at, std::min(comma + 1, slice.size()) - at);
        name += at == 0 ? "" : "<wbr>";
        name += part.size() <= unbroken ? "<span>" + escape(part) + "</span>" : escape(part);
        at = comma + 1;
    }
    return name + "</bdi>";
}

std::string slice_and_page(std::string_view slice, std::int64_t page) {
    return slice_name(slice) + ", " + (page == 0 ? std::string("the proof") : "page " + number_text(page));
}

}  // namespace pagehaul::report
