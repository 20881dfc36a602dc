#include "http/sigv4.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <string_view>
#include <vector>

#include "core/ascii.h"
#include "core/digest.h"
#include "http/url.h"

namespace pagehaul::http {
namespace {

/// Encoded once more than it is in the request: only S3 takes a path as it is sent.
std::string canonical_path(std::string_view path, bool as_sent) {
    if (as_sent) return std::string(path);
    std::string out;
    while (!path.empty()) {
        const std::string_view step = path.substr(0, path.find('/'));
        append_encoded_component(out, step);
        path.remove_prefix(step.size());
        if (path.empty()) break;
        out += '/';
        path.remove_prefix(1);
    }
    return out;
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parts;
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
        const std::size_t equals = std::min(one.find('='), one.size());
        parts.emplace_back(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
    }
    std::sort(parts.begin(), parts.end());
    std::string out;
    for (const auto& [name, value] : parts)
        out += (out.empty() ? "" : "&") + name + "=" + value;
    return out;
}

/// Without blanks around it, and one where there are several.
std::string single_spaced(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

std::string time_text(WallTime at) {
    const std::time_t seconds = WallTime::clock::to_time_t(at);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

}  // namespace

AwsSigned sign(const AwsSigning& how, Request& request) {
    const std::string time = time_text(how.at);
    const std::string date = time.substr(0, 8);
    request.headers.emplace_back("X-Amz-Date", time);
    if (!how.credentials.token.empty())
        request.headers.emplace_back("X-Amz-Security-Token", how.credentials.token);
    const std::string body = sha256_hex(request.body);
    const bool is_s3 = how.service == "s3";
    if (is_s3) request.headers.emplace_back("X-Amz-Content-Sha256", body);

    std::map<std::string, std::string> headers{{"host", how.host}};
    if (!request.content_type.empty()) headers["content-type"] = single_spaced(request.content_type);
    for (const auto& [name, value] : request.headers) {
        if (lower(name) == "user-agent") continue;
        std::string& said = headers[lower(name)];
        said += (said.empty() ? "" : ",") + single_spaced(value);
    }
    std::string names;
    std::string lines;
    for (const auto& [name, value] : headers) {
        names += (names.empty() ? "" : ";") + name;
        lines += name + ":" + value + "\n";
    }
    const std::string_view target = request.target;
    const std::size_t mark = std::min(target.find('?'), target.size());
    const std::string canonical = request.method + "\n" + canonical_path(target.substr(0, mark), is_s3) +
                                  "\n" + canonical_query(target.substr(std::min(mark + 1, target.size()))) +
                                  "\n" + lines + "\n" + names + "\n" + body;

    const std::string scope = date + "/" + how.region + "/" + how.service + "/aws4_request";
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
    std::string key = "AWS4" + how.credentials.secret;
    for (const std::string& part : {date, how.region, how.service, std::string("aws4_request")})
        key = hmac(DigestKind::sha256, key, part);
    request.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=" + how.credentials.id + "/" +
                                                      scope + ", SignedHeaders=" + names + ", Signature=" +
                                                      to_hex(hmac(DigestKind::sha256, key, to_sign)));
    return {.canonical = canonical, .to_sign = to_sign};
}

}  // namespace pagehaul::http
