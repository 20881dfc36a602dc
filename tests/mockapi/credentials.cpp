#include "credentials.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace mockapi {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

std::string base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    unsigned buffered = 0;
    for (const char c : text) {
        buffered = (buffered << 8U) | static_cast<unsigned char>(c);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out += alphabet[(buffered >> bits) & 63U];
        }
    }
    if (bits > 0) out += alphabet[(buffered << (6 - bits)) & 63U];
    while (out.size() % 4 != 0)
        out += '=';
    return out;
}

std::string_view shown_token(const Options& options, const HttpRequest& request) {
    constexpr std::string_view bearer = "Bearer ";
    const auto authorization = request.header("authorization");
    if (authorization.starts_with(bearer)) return authorization.substr(bearer.size());
    const auto header = request.header(lower(options.auth_name));
    return header.empty() ? request.parameter(options.auth_name) : header;
}

bool authorised(const Options& options, const HttpRequest& request) {
    if (options.token.empty()) return true;
    switch (options.auth) {
        case AuthKind::granted:
            return false;
        case AuthKind::none:
            return true;
        case AuthKind::header:
            return request.header(lower(options.auth_name)) == options.token;
        case AuthKind::bearer:
            return request.header("authorization") == "Bearer " + options.token;
        case AuthKind::basic:
            return request.header("authorization") == "Basic " + base64(options.token);
        case AuthKind::query:
            return request.parameter(options.auth_name) == options.token;
    }
    return false;
}

}  // namespace mockapi
