#include "http_request.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace mockapi {
namespace {

constexpr std::size_t kMaxHead = 64UL << 10U;
constexpr std::size_t kMaxBody = 16UL << 20U;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 1] + 2, value, 16).ptr == &text[i + 1] + 2) {
            out += static_cast<char>(value);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

void read_target(std::string_view target, HttpRequest& request) {
    const auto mark = std::min(target.find('?'), target.size());
    request.path = std::string(target.substr(0, mark));
    request.query = form_of(target.substr(std::min(mark + 1, target.size())));
}

std::string_view take_line(std::string_view& head) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    head.remove_prefix(end + 2);
    return line;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> form_of(std::string_view rest) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        const auto equals = std::min(pair.find('='), pair.size());
        pairs.emplace_back(decoded(pair.substr(0, equals)),
                           decoded(pair.substr(std::min(equals + 1, pair.size()))));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return pairs;
}

std::string_view HttpRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

std::string_view HttpRequest::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return {};
}

Parse parse_request(std::string_view input, HttpRequest& request, std::size_t& used) {
    const auto head_end = input.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return input.size() > kMaxHead ? Parse::bad : Parse::incomplete;
    request = {};
    auto head = input.substr(0, head_end + 2);
    const auto line = take_line(head);
    const auto first = line.find(' ');
    const auto second = line.rfind(' ');
    if (first == std::string_view::npos || second <= first) return Parse::bad;
    request.method = std::string(line.substr(0, first));
    read_target(line.substr(first + 1, second - first - 1), request);
    while (!head.empty()) {
        const auto field = take_line(head);
        const auto colon = field.find(':');
        if (colon == std::string_view::npos) return Parse::bad;
        std::string name(field.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        request.headers.emplace_back(std::move(name), std::string(trimmed(field.substr(colon + 1))));
    }
    if (!request.header("transfer-encoding").empty()) return Parse::bad;
    std::size_t length = 0;
    const auto declared = request.header("content-length");
    if (!declared.empty() &&
        std::from_chars(declared.data(), declared.data() + declared.size(), length).ec != std::errc{}) {
        return Parse::bad;
    }
    if (length > kMaxBody) return Parse::bad;
    const auto body_at = head_end + 4;
    if (input.size() - body_at < length) return Parse::incomplete;
    request.body = std::string(input.substr(body_at, length));
    used = body_at + length;
    return Parse::complete;
}

}  // namespace mockapi
