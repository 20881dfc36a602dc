// URLs and origins: line 1 a base URL, line 2 a Location, line 3 text for a path, line 4 a proxy. curl, which
// opens the connection, must see the same host: credentials are bound to what was read here.

#include "http/url.h"

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>

#include "config/urls.h"
#include "core/percent.h"
#include "http/proxy.h"
#include "property.h"
#include "source/judge.h"

using namespace pagehaul;
using fuzz::contains;
using fuzz::must;

namespace {

struct CurlUrl {
    std::string scheme, host, port;
};

std::optional<CurlUrl> read_by_curl(const std::string& text) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return {};
    const auto part = [&](CURLUPart which) {
        char* value = nullptr;
        const unsigned flags = which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
        if (curl_url_get(url.get(), which, &value, flags) != CURLUE_OK) return std::string{};
        std::string out(value);
        curl_free(value);
        return out;
    };
    return CurlUrl{part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PORT)};
}

bool is_plain_number(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefx.") == std::string_view::npos;
}

void check_url(const std::string& text) {
    const Result<http::Url> url = http::parse_absolute_url(text);
    if (!url) {
        must(url.error().kind == ErrorKind::config, "the config is what is wrong");
        return;
    }
    must(url->port >= 1 && url->port <= 65'535, "a port is one");
    must(url->path.starts_with('/'), "a path begins with a slash");
    must(!contains(url->origin(), "@") && !contains(url->host, "/"), "an origin is scheme, host and port",
         url->origin());
    const std::string written = url->origin() + url->path + url->rest;
    const Result<http::Url> again = http::parse_absolute_url(written);
    must(again && again->origin() == url->origin() && again->path == url->path && again->rest == url->rest,
         "what was read reads the same", written);
    if (const auto theirs = read_by_curl(text)) {
        must(theirs->scheme == url->scheme, "curl sees the same scheme", theirs->scheme);
        must(theirs->port == std::to_string(url->port), "curl sees the same port", theirs->port);
        // curl writes an address in its shortest form: 127.1 as 127.0.0.1, [0:0::1] as [::1].
        if (!is_plain_number(url->host) && !url->host.starts_with('['))
            must(http::parse_absolute_url("http://" + theirs->host)->host == url->host,
                 "curl sees the same host", theirs->host);
    }
}

void check_base(const std::string& text) {
    const Result<http::Url> url = http::parse_url(text);
    must(!url || url->rest.empty(), "a base URL has no query");
    if (config::url_fault(text)) return;
    must(url.has_value(), "what the config takes for a URL is one for the transport",
         url ? "" : url.error().message);
}

void check_redirect(const std::string& base, const std::string& location) {
    if (!http::parse_url(base)) return;
    config::Source source;
    source.base_url = base;
    source.request.path = "/rows";
    const source::Judge judge(source);
    http::Response response;
    response.status = 302;
    response.headers.emplace_back("location", location);
    const auto none =
        Result<record::DecodedPage>(tl::unexpected<Error>(Error{ErrorKind::permanent, "", "no JSON"}));
    const source::Judgement verdict = judge.judge(response, none, WallTime{});
    const auto* const failed = std::get_if<source::Fail>(&verdict);
    must(failed != nullptr, "a redirect is refused, never followed");
    // The query of a Location may hold a secret, and so may its user info.
    if (const std::size_t query = location.find_first_of("?#");
        query != std::string::npos && location.size() - query > 8)
        must(!contains(failed->reason, location.substr(query)), "the query is not shown", failed->reason);
    if (const Result<http::Url> target = http::parse_absolute_url(location)) {
        const bool same = http::same_origin(*http::parse_url(base), *target);
        must(contains(failed->reason, "the same origin") == same || contains(location, "origin"),
             "whose origin it is, is told", failed->reason);
    }
}

void check_path(const std::string& text) {
    const std::string encoded = http::encode_path(text);
    must(http::encode_path(encoded) == encoded, "encoding a path twice changes nothing", encoded);
    const std::string component = http::encode_component(text);
    if (text.find('\0') == std::string::npos)
        must(percent_decode(component) == text, "a component decodes to itself", component);
    const std::string joined = http::join_path("/api/", text);
    must(joined.starts_with("/api"), "a path begins with the base's", joined);
    must(text.starts_with("//") || !joined.starts_with("/api//"), "slashes where they meet are one", joined);
}

std::string proxy_error(const std::string& base, const std::string& proxy) {
    const http::Environment environment = [&](const std::string& name) -> std::optional<std::string> {
        if (name == "http_proxy" || name == "https_proxy") return proxy;
        if (name == "no_proxy") return "localhost, .internal:80 10.0.0.0/8,[::1]";
        return std::nullopt;
    };
    const auto chosen = http::proxy_for(base, environment);
    return chosen ? "" : chosen.error().text();
}

void check_proxy(const std::string& base, const std::string& proxy) {
    const std::string said = proxy_error(base, proxy);
    const std::size_t at = proxy.rfind('@');
    if (said.empty() || at == std::string::npos || at < 12) return;
    const std::string login = proxy.substr(0, at);
    // A login may be words that the message has anyway.
    if (contains(said, login))
        must(contains(proxy_error(base, "q q" + proxy.substr(at)), login),
             "an error shows no login of a proxy", said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Parts parts(fuzz::text_of(data, size));
    const std::string base(parts.line()), location(parts.line()), text(parts.line()), proxy(parts.line());
    check_url(base);
    check_url(location);
    check_base(base);
    check_redirect(base, location);
    check_path(text);
    check_proxy(base, proxy);
    return 0;
}
