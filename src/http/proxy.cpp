#include "http/proxy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/percent.h"
#include "http/url.h"

namespace pagehaul::http {
namespace {

std::optional<std::uint32_t> ipv4(std::string_view text) {
    std::uint32_t address = 0;
    for (int part = 0; part < 4; ++part) {
        std::uint32_t byte = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), byte);
        if (error != std::errc{} || byte > 255) return {};
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        address = address << 8U | byte;
        if (part == 3) break;
        if (text.empty() || text.front() != '.') return {};
        text.remove_prefix(1);
    }
    return text.empty() ? std::optional(address) : std::nullopt;
}

bool in_range(const std::string& host, std::string_view range) {
    const std::size_t slash = range.find('/');
    const auto address = ipv4(host);
    const auto network = ipv4(range.substr(0, slash));
    unsigned bits = 0;
    const std::string_view digits = range.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (!address || !network || error != std::errc{} || end != digits.data() + digits.size() || bits > 32) {
        return false;
    }
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32U - bits);
    return (*address & mask) == (*network & mask);
}

bool excluded(const Url& url, std::string_view entry) {
    if (entry == "*") return true;
    if (entry.find('/') != std::string_view::npos) return in_range(url.host, entry);
    const std::size_t colon = entry.rfind(':');
    const bool is_ipv6 = entry.find(':') != colon;
    if (colon != std::string_view::npos && !is_ipv6) {
        if (entry.substr(colon + 1) != std::to_string(url.port)) return false;
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (entry.empty()) return false;
    std::string_view host = url.host;
    if (is_ipv6 && host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const auto equal = [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    };
    if (entry.size() > host.size()) return false;
    const std::string_view tail = host.substr(host.size() - entry.size());
    return std::equal(entry.begin(), entry.end(), tail.begin(), equal) &&
           (tail.size() == host.size() || host[host.size() - tail.size() - 1] == '.');
}

bool excluded_by_list(const Url& url, std::string_view list) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", "), list.size());
        if (end > 0 && excluded(url, list.substr(0, end))) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

struct Setting {
    std::string name;
    std::string value;
};

Setting first_set(const Environment& environment, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (std::optional<std::string> value = environment(name); value && !value->empty()) {
            return {name, std::move(*value)};
        }
    }
    return {};
}

/// The user info of a proxy's URL as it is written; what stands before the last @ where it is no URL.
std::string_view user_info(std::string_view proxy) {
    const std::size_t scheme = proxy.find("://");
    if (scheme != std::string_view::npos) proxy.remove_prefix(scheme + 3);
    const std::size_t at = proxy.rfind('@');
    return at == std::string_view::npos ? std::string_view{} : proxy.substr(0, at);
}

}  // namespace

std::vector<std::string> proxy_secrets(const Environment& environment) {
    std::vector<std::string> secrets;
    for (const char* const name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"}) {
        const std::string proxy = environment(name).value_or("");
        const std::string_view info = user_info(proxy);
        const std::size_t colon = info.find(':');
        // A name without a password is a token; beside one it is no secret, and often a common word.
        const std::string_view secret = colon == std::string_view::npos ? info : info.substr(colon + 1);
        for (const std::string_view written : {info, secret}) {
            secrets.emplace_back(written);
            if (auto decoded = percent_decode(written)) secrets.push_back(std::move(*decoded));
        }
    }
    return secrets;
}

Result<std::string> proxy_for(std::string_view base_url, const Environment& environment) {
    const Result<Url> url = parse_url(base_url);
    if (!url) return tl::unexpected(url.error());
    Setting proxy;
    if (url->scheme == "https") {
        proxy = first_set(environment, {"https_proxy", "HTTPS_PROXY"});
    } else if (environment("REQUEST_METHOD")) {
        proxy = first_set(environment, {"http_proxy"});
    } else {
        proxy = first_set(environment, {"http_proxy", "HTTP_PROXY"});
    }
    if (proxy.value.empty()) return std::string{};
    if (excluded_by_list(*url, first_set(environment, {"no_proxy", "NO_PROXY"}).value)) return std::string{};

    std::string text = proxy.value;
    if (text.find("://") == std::string::npos) text = "http://" + text;
    // Userinfo is allowed here, and only here: it goes to the proxy alone.
    std::string bare = text;
    const std::size_t host_at = bare.find("://") + 3;
    const std::size_t authority_end = std::min(bare.find_first_of("/?#", host_at), bare.size());
    const std::size_t at = bare.rfind('@', authority_end);
    if (at != std::string::npos && at > host_at) {
        const std::string_view info = std::string_view(bare).substr(host_at, at - host_at);
        const bool plain = std::all_of(info.begin(), info.end(), [](char c) { return c > ' ' && c < 0x7F; });
        if (!plain || !percent_decode(info)) {
            return fail(
                ErrorKind::config, proxy.name,
                "expected a user's name and password without spaces, control characters and non-ASCII "
                "letters, and two hex digits, not 00, behind each %");
        }
        bare.erase(host_at, at + 1 - host_at);
    }
    const Result<Url> parsed = parse_absolute_url(bare);
    if (!parsed) return fail(ErrorKind::config, proxy.name, parsed.error().message);
    if (parsed->scheme != "http") {
        return fail(ErrorKind::config, proxy.name, "expected an http proxy; a TLS proxy is not supported");
    }
    return text;
}

}  // namespace pagehaul::http
