#include "http/url.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"

namespace pagehaul::http {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr int kLastPort = 65'535;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_unreserved(char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
bool stays_in_path(char c) {
    return is_unreserved(c) || std::string_view("!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

void append_escape(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 0x0FU];
}

tl::unexpected<Error> bad(std::string message) {
    return fail(ErrorKind::config, "", std::move(message));
}

bool valid_host(std::string_view host) {
    if (host.empty()) return false;
    if (host.front() == '[') {
        return host.size() > 3 && host.back() == ']' &&
               std::all_of(host.begin() + 1, host.end() - 1,
                           [](char c) { return is_hex(c) || c == ':' || c == '.'; });
    }
    return std::all_of(host.begin(), host.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

std::optional<int> port_of(std::string_view text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > kLastPort) return {};
    return port;
}

/// Where host and port part: the last colon outside the brackets of an IPv6 address.
std::size_t port_colon(std::string_view authority) {
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    if (colon == std::string_view::npos) return colon;
    return bracket != std::string_view::npos && colon < bracket ? std::string_view::npos : colon;
}

}  // namespace

std::string Url::origin() const {
    const int usual = scheme == "https" ? kHttpsPort : kHttpPort;
    std::string text = scheme + "://" + host;
    if (port != usual) text += ":" + std::to_string(port);
    return text;
}

Result<Url> parse_absolute_url(std::string_view text) {
    Url url;
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return bad("expected an absolute URL, http://… or https://…");
    url.scheme = lower(text.substr(0, colon));
    if (url.scheme != "http" && url.scheme != "https") {
        return bad("expected an http or https URL");
    }
    text.remove_prefix(colon + 3);
    if (std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F;
        })) {
        return bad(
            "expected a URL without spaces, control characters or non-ASCII letters: percent-encode them");
    }
    const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
    const std::string_view authority = text.substr(0, authority_end);
    text.remove_prefix(authority_end);
    if (authority.find('@') != std::string_view::npos) {
        return bad("expected a URL without user:password@");
    }
    const std::size_t split = port_colon(authority);
    url.host = lower(authority.substr(0, split));
    if (!valid_host(url.host)) return bad("expected a host name or address after " + url.scheme + "://");
    url.port = url.scheme == "https" ? kHttpsPort : kHttpPort;
    if (split != std::string_view::npos) {
        const std::optional<int> port = port_of(authority.substr(split + 1));
        if (!port) return bad("expected a port from 1 to 65535 after the host");
        url.port = *port;
    }
    const std::size_t path_end = std::min(text.find_first_of("?#"), text.size());
    url.path = path_end == 0 ? "/" : std::string(text.substr(0, path_end));
    url.rest = text.substr(path_end);
    return url;
}

Result<Url> parse_url(std::string_view text) {
    Result<Url> url = parse_absolute_url(text);
    if (url && !url->rest.empty()) {
        return bad("expected a URL without query and fragment: parameters belong to request.query");
    }
    return url;
}

bool same_origin(const Url& a, const Url& b) {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

std::string join_path(std::string_view base, std::string_view path) {
    while (!base.empty() && base.back() == '/')
        base.remove_suffix(1);
    std::string joined(base);
    if (path.empty()) return joined.empty() ? "/" : joined;
    if (path.front() != '/' && path.front() != '?') joined += '/';
    if (path.front() == '?' && joined.empty()) joined += '/';
    return joined.append(path);
}

std::string encode_path(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool escape_done =
            c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
        if (stays_in_path(c) || escape_done) {
            out += c;
        } else {
            append_escape(out, c);
        }
    }
    return out;
}

void append_encoded_component(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
        } else {
            append_escape(out, c);
        }
    }
}

std::string encode_component(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_encoded_component(out, text);
    return out;
}

std::string without_parameter(std::string_view target, std::string_view name) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    std::string out(target.substr(0, mark));
    char separator = '?';
    for (std::string_view rest = target.substr(mark); !rest.empty();) {
        rest.remove_prefix(1);
        const std::string_view parameter = rest.substr(0, rest.find('&'));
        rest.remove_prefix(parameter.size());
        if (parameter.empty() || decode_component(parameter.substr(0, parameter.find('='))) == name) continue;
        out += separator;
        out += parameter;
        separator = '&';
    }
    return out;
}

std::string decode_component(std::string_view text) {
    const auto value = [](char c) { return is_digit(c) ? c - '0' : (c >= 'a' ? c - 'a' : c - 'A') + 10; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape =
            text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
        if (is_escape) {
            out += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

bool safe_in_header(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Result<std::string> linked_target(const Url& base, std::string_view target, std::string_view link) {
    const auto no_link = [](const std::string& why) { return fail(ErrorKind::data, "", why); };
    const std::string_view path = target.substr(0, target.find('?'));
    std::string whole = base.origin();
    if (link.starts_with("//"))
        whole = base.scheme + ":" + std::string(link);
    else if (link.starts_with('/'))
        whole += link;
    else if (link.starts_with('?'))
        whole += std::string(path) + std::string(link);
    else if (link.substr(0, link.find_first_of("/?#")).find(':') != std::string_view::npos)
        whole = link;
    else
        whole += std::string(path.substr(0, path.rfind('/') + 1)) + std::string(link);
    const Result<Url> url = parse_absolute_url(whole);
    if (!url) return no_link("no URL: " + url.error().message);
    if (!same_origin(base, *url))
        return no_link("at another origin, " + url->origin() + ": credentials go to source.base_url only");
    if (("/" + url->path + "/").find("/../") != std::string::npos)
        return no_link("a path with dot segments: expected one without");
    return url->path + url->rest.substr(0, url->rest.find('#'));
}

}  // namespace pagehaul::http
