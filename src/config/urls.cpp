#include "config/urls.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace pagehaul::config {
namespace {

bool has_what_no_url_has(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F; });
}

bool is_host(std::string_view host) {
    const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    return host.size() > (v6 ? 1 : 0) && std::all_of(host.begin(), host.end(), [&](unsigned char c) {
               if (v6) return std::isxdigit(c) != 0 || c == ':' || c == '.';
               return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
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
    if (has_what_no_url_has(url))
        return "expected a URL without blanks, control characters and non-ASCII letters: percent-encode them";
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

}  // namespace pagehaul::config
