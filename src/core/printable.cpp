#include "core/printable.h"

#include <cstdint>

#include "core/utf8.h"

namespace pagehaul {
namespace {

bool is_printable(std::uint32_t code) {
    const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
    const bool turns = code == 0x061C || code == 0x200E || code == 0x200F ||
                       (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    const bool separates = code == 0x2028 || code == 0x2029;
    return !control && !turns && !separates;
}

std::string printable(std::string_view text, bool keep_lines) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t bytes = utf8_character(text, i);
        if (bytes == 0) {
            out += "\xEF\xBF\xBD";
        } else if (keep_lines && text[i] == '\n') {
            out += '\n';
        } else {
            append_printable(out, text.substr(i, bytes));
        }
        i += bytes == 0 ? 1 : bytes;
    }
    return out;
}

}  // namespace

bool is_printable(std::string_view character) {
    return is_printable(utf8_code(character));
}

void append_printable(std::string& out, std::string_view character) {
    const std::uint32_t code = utf8_code(character);
    if (is_printable(code)) {
        out += character;
    } else if (code == '\n') {
        out += "\\n";
    } else if (code == '\r') {
        out += "\\r";
    } else if (code == '\t') {
        out += "\\t";
    } else {
        append_escape(out, code);
    }
}

std::string printable(std::string_view text) {
    return printable(text, false);
}

std::string printable_lines(std::string_view text) {
    return printable(text, true);
}

}  // namespace pagehaul
