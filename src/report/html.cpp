#include "report/html.h"

#include <algorithm>

#include "core/printable.h"
#include "core/utf8.h"

namespace pagehaul::report {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

Html opening(Literal tag, Attributes attributes) {
    Html html = verbatim("<") + verbatim(tag);
    for (const Attribute& attribute : attributes) {
        if (!attribute.is_set) continue;
        html += verbatim(" ") + verbatim(attribute.name);
        if (!attribute.value.empty()) html += verbatim("=\"") + attribute.value + verbatim("\"");
    }
    return html;
}

}  // namespace

std::string Html::escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        const std::size_t bytes = std::max<std::size_t>(1, utf8_character(text, i));
        const std::string_view character = text.substr(i, bytes);
        i += bytes;
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            case '\n':
            case '\t':
                out += c;
                break;
            default:
                out += is_printable(character) ? character : replacement;
        }
    }
    return out;
}

Html element(Literal tag, Attributes attributes, const Html& content) {
    return opening(tag, attributes) + verbatim(">") + content + verbatim("</") + verbatim(tag) +
           verbatim(">");
}

Html element(Literal tag, const Html& content) {
    return element(tag, {}, content);
}

Html void_element(Literal tag, Attributes attributes) {
    return opening(tag, attributes) + verbatim(">");
}

Html shape(Literal tag, Attributes attributes) {
    return opening(tag, attributes) + verbatim("/>");
}

Html verbatim(Literal markup) {
    Html html;
    html.source_ = markup.text;
    return html;
}

}  // namespace pagehaul::report
