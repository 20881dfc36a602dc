#include "config/utf8.h"

#include <algorithm>

namespace pagehaul::config {
namespace {

unsigned byte(std::string_view text, std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool continues(unsigned b) {
    return (b & 0xC0U) == 0x80U;
}

// Bytes of the character at i; 0 if it is malformed. The table is RFC 3629's, section 4.
std::size_t character(std::string_view text, std::size_t i) {
    const unsigned a = byte(text, i);
    const unsigned b = byte(text, i + 1);
    if (a == 0) return 0;
    if (a < 0x80) return 1;
    if (a >= 0xC2 && a <= 0xDF) return continues(b) ? 2 : 0;
    if (a >= 0xE0 && a <= 0xEF) {
        if (!continues(b) || !continues(byte(text, i + 2))) return 0;
        if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F)) return 0;
        return 3;
    }
    if (a >= 0xF0 && a <= 0xF4) {
        if (!continues(b) || !continues(byte(text, i + 2)) || !continues(byte(text, i + 3))) return 0;
        if ((a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return !continues(static_cast<unsigned char>(c)); }));
}

std::size_t utf8_first_bad(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t size = character(text, i);
        if (size == 0) return i;
        i += size;
    }
    return std::string_view::npos;
}

}  // namespace pagehaul::config
