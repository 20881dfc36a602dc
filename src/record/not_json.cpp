#include "record/not_json.h"

#include <algorithm>
#include <array>

#include "core/utf8.h"

namespace pagehaul::record {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kShown = 24;

/// What stands there: the token, or its beginning.
std::string what_came(std::string_view rest) {
    const std::size_t first = utf8_character(rest, 0);
    const auto byte = static_cast<unsigned char>(rest.front());
    if (first == 0 || byte < 0x20) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        return std::string("byte 0x") + digits[byte >> 4U] + digits[byte & 15U];
    }
    const bool is_scalar = std::string_view("{[\"").find(rest.front()) == std::string_view::npos;
    std::size_t end = first;
    while (end < rest.size() && static_cast<unsigned char>(rest[end]) >= 0x20 &&
           (!is_scalar || std::string_view(" ,:]}").find(rest[end]) == std::string_view::npos))
        ++end;
    if (end <= kShown) return std::string(utf8_prefix(rest, end));
    return std::string(utf8_prefix(rest, kShown)) + "…";
}

NotJson not_json(std::string_view body, std::string_view expected, std::size_t at) {
    return {.cut_short = false,
            .text = "the body is not JSON at byte " + std::to_string(at) + ": " + std::string(expected) +
                    ", not " + what_came(body.substr(at))};
}

NotJson cut(std::string_view expected) {
    return {.cut_short = true, .text = "the body ends too soon: " + std::string(expected)};
}

/// A beginning of true, false, null or a number, and none of them yet.
bool begins_scalar(std::string_view text) {
    constexpr std::array<std::string_view, 3> words{"true", "false", "null"};
    const bool begins_word = std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return word != text && word.starts_with(text);
    });
    return begins_word || (text.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
                           (text.back() < '0' || text.back() > '9'));
}

struct Strings {
    bool open = false;  ///< the last one at the end of the body
    std::optional<std::size_t> control_character;
};

Strings strings_of(std::string_view body) {
    Strings found;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '"') {
            found.open = !found.open;
        } else if (found.open && body[i] == '\\') {
            ++i;
        } else if (found.open && static_cast<unsigned char>(body[i]) < 0x20 && !found.control_character) {
            found.control_character = i;
        }
    }
    return found;
}

}  // namespace

NotJson why_not_json(std::string_view body, std::string_view expected, std::optional<std::size_t> at) {
    constexpr std::string_view not_begun = "expected a value";
    constexpr std::size_t longest_character = 4;
    const std::size_t begin = body.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {.cut_short = false, .text = "the body is empty"};
    // An error page may end anywhere, in the middle of an attribute say.
    if (std::string_view("{[\"-0123456789tfn").find(body[begin]) == std::string_view::npos)
        return not_json(body, not_begun, begin);
    if (at) {
        if (*at >= body.size() || begins_scalar(body.substr(*at))) return cut(expected);
        return not_json(body, expected, *at);
    }
    const std::size_t bad = utf8_first_bad(body);
    // A cut may go through a character.
    if (bad < body.size() && body.size() - bad >= longest_character)
        return not_json(body, "expected UTF-8", bad);
    const Strings strings = strings_of(body);
    if (strings.open) return cut("a string is not closed");
    if (strings.control_character)
        return not_json(body, "expected no control character in a string", *strings.control_character);
    if (bad < body.size()) return not_json(body, "expected UTF-8", bad);
    return {.cut_short = false, .text = "the body is not JSON: " + std::string(expected)};
}

}  // namespace pagehaul::record
