#include "signatures.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <map>

#include "json_scan.h"

namespace mockapi {
namespace {

constexpr std::int64_t kSkew = 600;

std::string hex(const std::string& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        out += digits[static_cast<unsigned char>(c) / 16];
        out += digits[static_cast<unsigned char>(c) % 16];
    }
    return out;
}

std::string digest(const EVP_MD* kind, const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), out.data(), &size, kind, nullptr);
    return {out.begin(), out.begin() + size};
}

std::string hmac(const std::string& key, const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
    return {out.begin(), out.begin() + size};
}

bool is_now(std::int64_t seconds) {
    return std::abs(seconds - static_cast<std::int64_t>(std::time(nullptr))) < kSkew;
}

/// md5 of METHOD?appId=…&timestamp=…&version=2.0SECRET, all of the body.
bool ark(const std::string& secret, const HttpRequest& request) {
    const auto scalars = scan_json(request.body);
    if (!scalars) return false;
    std::map<std::string, std::string> body;
    for (const auto& scalar : *scalars)
        body[scalar.pointer] = scalar.text;
    std::int64_t seconds = 0;
    const std::string& told = body["/timestamp"];
    std::from_chars(told.data(), told.data() + told.size(), seconds);
    const std::string text = body["/method"] + "?appId=" + body["/appId"] + "&timestamp=" + told +
                             "&version=" + body["/version"] + secret;
    return is_now(seconds) && body["/version"] == "2.0" && body["/sign"] == hex(digest(EVP_md5(), text));
}

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
            out += c;
        } else {
            constexpr std::string_view digits = "0123456789ABCDEF";
            out += {'%', digits[byte / 16], digits[byte % 16]};
        }
    }
    return out;
}

/// What stands behind NAME= in an Authorization header, up to a comma.
std::string field(std::string_view header, std::string_view name) {
    const auto at = header.find(std::string(name) + "=");
    if (at == std::string_view::npos) return {};
    header.remove_prefix(at + name.size() + 1);
    return std::string(header.substr(0, header.find(',')));
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = std::min(text.find(at), text.size());
        parts.emplace_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

std::int64_t seconds_of(const std::string& stamp) {
    std::tm parts{};
    if (strptime(stamp.c_str(), "%Y%m%dT%H%M%SZ", &parts) == nullptr) return 0;
    return timegm(&parts);
}

bool aws(const std::string& secret, const HttpRequest& request) {
    const std::string authorization(request.header("authorization"));
    const std::string stamp(request.header("x-amz-date"));
    const auto scope = split(field(authorization, "Credential"), '/');
    const std::string names = field(authorization, "SignedHeaders");
    if (!authorization.starts_with("AWS4-HMAC-SHA256 ") || scope.size() != 5 || !is_now(seconds_of(stamp)))
        return false;
    for (const char* needed : {"host", "x-amz-date"})
        if ((";" + names + ";").find(";" + std::string(needed) + ";") == std::string::npos) return false;
    std::vector<std::string> query;
    for (const auto& [name, value] : request.query)
        query.push_back(encoded(name) + "=" + encoded(value));
    std::sort(query.begin(), query.end());
    std::string path;
    for (const auto& step : split(request.path.substr(1), '/'))
        path += "/" + encoded(step);
    std::string canonical = request.method + "\n" + path + "\n";
    for (std::size_t i = 0; i < query.size(); ++i)
        canonical += (i > 0 ? "&" : "") + query[i];
    canonical += "\n";
    for (const auto& name : split(names, ';'))
        canonical += name + ":" + std::string(request.header(name)) + "\n";
    canonical += "\n" + names + "\n" + hex(digest(EVP_sha256(), request.body));
    std::string key = "AWS4" + secret;
    for (std::size_t i = 1; i < scope.size(); ++i)
        key = hmac(key, scope[i]);
    const std::string text = "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope[1] + "/" + scope[2] + "/" +
                             scope[3] + "/" + scope[4] + "\n" + hex(digest(EVP_sha256(), canonical));
    return field(authorization, "Signature") == hex(hmac(key, text));
}

}  // namespace

bool signature_holds(const Options& options, const HttpRequest& request) {
    switch (options.sign) {
        case SignKind::none:
            return true;
        case SignKind::ark:
            return ark(options.sign_secret, request);
        case SignKind::aws:
            return aws(options.sign_secret, request);
    }
    return false;
}

}  // namespace mockapi
