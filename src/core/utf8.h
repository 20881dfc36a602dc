#pragma once

#include <cstddef>
#include <string_view>

namespace pagehaul {

/// Bytes of the UTF-8 character that begins at `at`, which is in the text; 0 if none does (RFC 3629, section
/// 4): an overlong form, a surrogate, what lies beyond U+10FFFF, or one that is cut off. NUL is a character.
std::size_t utf8_character(std::string_view text, std::size_t at);

/// Where the first byte is that belongs to no character, or that is NUL, which neither YAML nor PostgreSQL's
/// text holds; npos if there is none.
std::size_t utf8_first_bad(std::string_view text);

/// Characters of a text that has nothing bad.
std::size_t utf8_length(std::string_view text);

/// The longest beginning of at most `bytes` that does not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

}  // namespace pagehaul
