#include "report/html.h"

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
    for (const char c : text) {
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
            default: {
                const auto byte = static_cast<unsigned char>(c);
                const bool is_space = c == '\n' || c == '\t';
                if ((byte < 0x20 && !is_space) || byte == 0x7F)
                    out += replacement;
                else
                    out += c;
            }
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
