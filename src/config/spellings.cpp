#include "config/spellings.h"

#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "core/utf8.h"

namespace pagehaul::config {
namespace {

/// How many bytes spell what; none: no escape begins here.
struct Escape {
    std::size_t bytes = 0;
    std::string text{};
};

std::optional<std::uint32_t> number(std::string_view digits, std::uint32_t base) {
    if (digits.empty()) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : digits) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : 99;
        if (digit >= static_cast<int>(base)) return std::nullopt;
        value = value * base + static_cast<std::uint32_t>(digit);
    }
    return value;
}

std::optional<std::uint32_t> hex(std::string_view text, std::size_t at, std::size_t digits) {
    return text.size() < at + digits ? std::nullopt : number(text.substr(at, digits), 16);
}

Escape character(std::size_t bytes, std::uint32_t code) {
    Escape escape{.bytes = bytes};
    append_utf8(code, escape.text);
    return escape;
}

Escape json_unicode(std::string_view text) {
    const auto unit = hex(text, 2, 4);
    if (!unit) return {};
    if (*unit < 0xD800 || *unit > 0xDFFF) return character(6, *unit);
    const auto low = text.size() > 7 && text[6] == '\\' && text[7] == 'u' ? hex(text, 8, 4) : std::nullopt;
    if (*unit > 0xDBFF || !low || *low < 0xDC00 || *low > 0xDFFF) return {};
    return character(12, 0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00));
}

Escape backslash(std::string_view text) {
    if (text.size() < 2) return {};
    static constexpr std::string_view written = "\"\\/'bfnrt";
    static constexpr std::string_view meant = "\"\\/'\b\f\n\r\t";
    const std::size_t simple = written.find(text[1]);
    if (simple != std::string_view::npos) return {.bytes = 2, .text = std::string(1, meant[simple])};
    if (text[1] == 'u') return json_unicode(text);
    const auto byte = text[1] == 'x' ? hex(text, 2, 2) : std::nullopt;
    if (!byte) return {};
    return {.bytes = 4, .text = std::string(1, static_cast<char>(*byte))};
}

Escape percent(std::string_view text) {
    const auto byte = hex(text, 1, 2);
    if (!byte) return {};
    return {.bytes = 3, .text = std::string(1, static_cast<char>(*byte))};
}

Escape reference(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 5> names{
        {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
    const std::size_t end = text.substr(0, 12).find(';');
    if (end == std::string_view::npos) return {};
    std::string_view name = text.substr(1, end - 1);
    for (const auto& [known, meant] : names)
        if (name == known) return {.bytes = end + 1, .text = std::string(1, meant)};
    if (!name.starts_with('#')) return {};
    name.remove_prefix(1);
    const bool is_hex = name.starts_with('x') || name.starts_with('X');
    if (is_hex) name.remove_prefix(1);
    const auto code = name.size() > 7 ? std::nullopt : number(name, is_hex ? 16 : 10);
    if (!code || *code > 0x10FFFF) return {};
    return character(end + 1, *code);
}

Escape escape_at(std::string_view text) {
    switch (text.front()) {
        case '\\':
            return backslash(text);
        case '%':
            return percent(text);
        case '&':
            return reference(text);
        default:
            return {};
    }
}

}  // namespace

Unescaped::Unescaped(std::string_view original) : text(original), from(original.size() + 1) {
    std::iota(from.begin(), from.end(), 0U);
}

std::size_t Unescaped::end_in_original(std::size_t end) const {
    // Bytes of one character that was spelt as a whole begin at one place.
    while (end < text.size() && from[end] == from[end - 1])
        ++end;
    return from[end];
}

bool Unescaped::undo_layer(std::string_view begins) {
    const std::string_view old = text;
    std::size_t at = old.find_first_of(begins);
    if (at == std::string_view::npos) return false;
    std::string plain(old.substr(0, at));
    std::vector<std::uint32_t> places(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(at));
    bool undone = false;
    while (at < old.size()) {
        const bool begun = begins.find(old[at]) != std::string_view::npos;
        const Escape escape = begun ? escape_at(old.substr(at)) : Escape{};
        undone = undone || escape.bytes > 0;
        if (escape.bytes == 0) {
            plain += old[at];
            places.push_back(from[at++]);
            continue;
        }
        plain += escape.text;
        places.insert(places.end(), escape.text.size(), from[at]);
        at += escape.bytes;
    }
    places.push_back(from.back());
    text = std::move(plain);
    from = std::move(places);
    return undone;
}

}  // namespace pagehaul::config
