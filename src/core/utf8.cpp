#include "core/utf8.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace pagehaul {
namespace {

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::size_t utf8_character(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(at);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() - at < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if (!continues(text[at + i])) return 0;
    const unsigned second = byte(at + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
        return 0;
    return length;
}

std::size_t utf8_first_bad(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t bytes = text[i] == '\0' ? 0 : utf8_character(text, i);
        if (bytes == 0) return i;
        i += bytes;
    }
    return std::string_view::npos;
}

std::uint32_t utf8_code(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first;
    std::uint32_t code = first & (0xFFU >> (character.size() + 1));
    for (const char c : character.substr(1))
        code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
    return code;
}

void append_escape(std::string& out, std::uint32_t unit) {
    std::array<char, 8> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\u%04x", unit & 0xFFFFU);
    out += escaped.data();
}

std::string escaped_beyond_ascii(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t bytes = utf8_character(text, i);
        if (bytes == 1) {
            out += text[i++];
            continue;
        }
        const std::uint32_t code = bytes == 0 ? 0xFFFD : utf8_code(text.substr(i, bytes));
        if (code > 0xFFFF) append_escape(out, 0xD7C0 + (code >> 10U));
        append_escape(out, code > 0xFFFF ? 0xDC00 + (code & 0x3FFU) : code);
        i += std::max<std::size_t>(bytes, 1);
    }
    return out;
}

std::size_t utf8_length(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && continues(text[bytes]))
        --bytes;
    return text.substr(0, bytes);
}

}  // namespace pagehaul
