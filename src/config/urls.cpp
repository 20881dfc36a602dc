#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "config/values.h"
#include "core/percent.h"

namespace pagehaul::config {
namespace {

bool has_blank_or_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
}

bool is_host(std::string_view host) {
    const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
               (v6 && c == ':');
    });
}

bool is_port(std::string_view port) {
    unsigned value = 0;
    const char* end = port.data() + port.size();
    const auto [rest, error] = std::from_chars(port.data(), end, value);
    return error == std::errc{} && rest == end && value >= 1 && value <= 65'535;
}

}  // namespace

std::optional<std::string> url_fault(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos ||
        (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https")) {
        return "expected an absolute URL that begins with http:// or https://";
    }
    if (has_blank_or_control(url)) return "expected a URL without blanks and control characters";
    std::string_view rest = url.substr(scheme + 3);
    if (rest.find('#') != std::string_view::npos) return "expected a URL without a fragment (#…)";
    if (rest.find('?') != std::string_view::npos) return "expected a URL without a query (?…)";
    rest = rest.substr(0, rest.find('/'));
    if (rest.find('@') != std::string_view::npos) {
        return "expected a URL without user name and password: credentials belong in their own keys";
    }
    const std::size_t bracket = rest.rfind(']');
    const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (!is_host(rest.substr(0, colon))) return "expected a URL with a host";
    if (colon != std::string_view::npos && !is_port(rest.substr(colon + 1))) {
        return "expected a port from 1 to 65535 in the URL";
    }
    return std::nullopt;
}

namespace {

std::optional<Dsn> parse_dsn_url(std::string_view text) {
    if (has_blank_or_control(text)) return std::nullopt;
    Dsn dsn;
    const std::size_t start = text.find("://") + 3;
    // As libpq does: an '@' before any '/' ends the user information, which may hold a '?'.
    const std::size_t mark = text.find_first_of("@/", start);
    const bool has_login = mark != std::string_view::npos && text[mark] == '@';
    const std::size_t end = std::min(text.find_first_of("/?", has_login ? mark : start), text.size());
    const std::string_view authority = text.substr(start, end - start);
    std::string out(text.substr(0, start));
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        const std::string_view user = authority.substr(0, at);
        const std::size_t colon = user.find(':');
        if (colon != std::string_view::npos) dsn.written_password = user.substr(colon + 1);
        out += user.substr(0, colon);
        out += authority.substr(at);
    } else {
        out += authority;
    }
    const std::size_t query = std::min(text.find('?', end), text.size());
    out += text.substr(end, query - end);
    char separator = '?';
    for (std::size_t from = query + 1; from <= text.size();) {
        const std::size_t to = std::min(text.find('&', from), text.size());
        const std::string_view parameter = text.substr(from, to - from);
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        // libpq decodes names, too.
        if (percent_decode(parameter.substr(0, equals)) == "password" && equals < parameter.size()) {
            dsn.written_password = parameter.substr(equals + 1);
        } else if (!parameter.empty()) {
            out += separator;
            out += parameter;
            separator = '&';
        }
        from = to + 1;
    }
    dsn.without_password = std::move(out);
    // What is not encoded well is refused where the connection is made; here it is redacted as it stands.
    dsn.password = percent_decode(dsn.written_password).value_or(dsn.written_password);
    return dsn;
}

// What isspace() says in the C locale, by which libpq reads.
constexpr std::string_view white_space = " \t\n\r\f\v";

std::string_view skip_blanks(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(white_space), text.size()));
}

// libpq's keyword form: name = value, a value in single quotes where it holds blanks, \ before a quote or \.
std::optional<Dsn> parse_dsn_keywords(std::string_view text) {
    Dsn dsn;
    for (text = skip_blanks(text); !text.empty(); text = skip_blanks(text)) {
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0) return std::nullopt;
        std::string_view name = text.substr(0, equals);
        name = name.substr(0, name.find_last_not_of(white_space) + 1);
        const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || c == '_';
        });
        if (!is_name) return std::nullopt;
        text = skip_blanks(text.substr(equals + 1));
        const bool quoted = text.starts_with('\'');
        std::string value;
        std::size_t i = quoted ? 1 : 0;
        for (; i < text.size(); ++i) {
            if (quoted ? text[i] == '\'' : white_space.find(text[i]) != std::string_view::npos) break;
            if (text[i] == '\\' && i + 1 < text.size()) ++i;
            value += text[i];
        }
        if (quoted && i >= text.size()) return std::nullopt;
        const std::string_view written = text.substr(0, quoted ? i + 1 : i);
        text = text.substr(written.size());
        if (name == "password") {
            dsn.password = value;
            dsn.written_password = quoted ? written.substr(1, written.size() - 2) : written;
            continue;
        }
        if (!dsn.without_password.empty()) dsn.without_password += ' ';
        dsn.without_password += std::string(name) + "=" + std::string(written);
    }
    if (dsn.without_password.empty()) return std::nullopt;
    return dsn;
}

}  // namespace

std::optional<Dsn> parse_dsn(std::string_view text) {
    if (text.starts_with("postgres://") || text.starts_with("postgresql://")) return parse_dsn_url(text);
    return parse_dsn_keywords(text);
}

}  // namespace pagehaul::config
