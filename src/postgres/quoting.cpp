#include "postgres/quoting.h"

#include <charconv>

#include "core/error.h"
#include "core/join.h"

namespace pagehaul::postgres {
namespace {

void append_doubling(std::string& out, std::string_view text, char quote) {
    out += quote;
    for (const char c : text) {
        if (c == quote) out += quote;
        out += c;
    }
    out += quote;
}

void refuse_nul(std::string_view text, const char* what) {
    if (text.find('\0') != std::string_view::npos)
        throw Failure(ErrorKind::config, "database", std::string(what) + " holds a NUL byte");
}

std::string element(const std::optional<std::string>& value) {
    if (!value) return "NULL";
    refuse_nul(*value, "a text");
    std::string quoted = "\"";
    for (const char c : *value) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

// By hand: libpq's calls need a connection and report broken UTF-8 by a result that must not be overlooked,
// or a quote gets through (CVE-2025-1094). Here it reaches the server, which refuses the statement unread.
std::string quote_identifier(std::string_view name) {
    if (name.empty())
        throw Failure(ErrorKind::config, "database", "a name of a schema, table or column is empty");
    refuse_nul(name, "a name of a schema, table or column");
    std::string quoted;
    append_doubling(quoted, name, '"');
    return quoted;
}

// Right under either setting of standard_conforming_strings: the E form is used where there is a backslash.
// The text is UTF-8, where neither quote nor backslash is ever part of a longer character.
std::string quote_literal(std::string_view text) {
    refuse_nul(text, "a text");
    std::string quoted;
    if (text.find('\\') == std::string_view::npos) {
        append_doubling(quoted, text, '\'');
        return quoted;
    }
    std::string escaped;
    for (const char c : text) {
        if (c == '\\') escaped += '\\';
        escaped += c;
    }
    quoted = " E";
    append_doubling(quoted, escaped, '\'');
    return quoted;
}

std::string array_literal(const std::vector<std::int64_t>& values) {
    constexpr std::size_t kLongest = 20;  // -9223372036854775808
    std::string literal(values.size() * (kLongest + 1) + 2, '{');
    char* to = literal.data() + 1;
    char* const end = literal.data() + literal.size();
    for (const std::int64_t value : values) {
        to = std::to_chars(to, end, value).ptr;
        *to++ = ',';
    }
    if (!values.empty()) --to;
    *to++ = '}';
    literal.resize(static_cast<std::size_t>(to - literal.data()));
    return literal;
}

std::string array_literal(const std::vector<std::optional<std::string>>& values) {
    return "{" + join(values, ",", element) + "}";
}

}  // namespace pagehaul::postgres
