#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pagehaul {

/// Bytes of the UTF-8 character that begins at `at`, which is in the text; 0 if none does (RFC 3629, section
/// 4): an overlong form, a surrogate, what lies beyond U+10FFFF, or one that is cut off. NUL is a character.
std::size_t utf8_character(std::string_view text, std::size_t at);

/// Where the first byte is that belongs to no character, or that is NUL, which neither YAML nor PostgreSQL's
/// text holds; npos if there is none.
std::size_t utf8_first_bad(std::string_view text);

/// The code point of one whole UTF-8 character.
std::uint32_t utf8_code(std::string_view character);

/// Appends "\u201c": one UTF-16 code unit as JSON escapes it.
void append_escape(std::string& out, std::uint32_t unit);

/// Each character beyond ASCII as JSON escapes it, \uXXXX or a pair of these (RFC 8259, section 7); a byte
/// that belongs to none as U+FFFD.
std::string escaped_beyond_ascii(std::string_view text);

/// Characters of a text that has nothing bad.
std::size_t utf8_length(std::string_view text);

/// The longest beginning of at most `bytes` that does not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

/// Appends the character of a code point below U+110000. Here, to be inlined: every escape of a page takes
/// it.
inline void append_utf8(std::uint32_t code, std::string& out) {
    const auto put = [&out](std::uint32_t byte) {
        out += static_cast<char>(static_cast<unsigned char>(byte));
    };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

}  // namespace pagehaul
