#include "http/response_head.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"
#include "core/split.h"
#include "core/trim.h"
#include "log/log.h"

namespace pagehaul::http {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Of "HTTP/1.1 200 OK"; 0: it is no such line.
int status_of(std::string_view line) {
    if (line.size() < 12 || !line.starts_with("HTTP/") || line[8] != ' ') return 0;
    if (!std::all_of(line.begin() + 9, line.begin() + 12, is_digit)) return 0;
    return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

}  // namespace

Result<void> ResponseHead::take(std::string_view line) {
    bytes_ += line.size();
    if (bytes_ > max_header_bytes)
        return fail(ErrorKind::permanent, "",
                    "the response headers are larger than " + std::to_string(max_header_bytes) + " bytes");
    if (in_body_) return {};
    if (const int status = status_of(line); status != 0) {
        begin(status);
        return {};
    }
    if (line.empty() || line.front() == '\r' || line.front() == '\n') return end();
    return field(line);
}

void ResponseHead::begin(int status) {
    status_ = status;
    complete_ = false;
    chunked_ = false;
    content_length_.reset();
    headers_.clear();
}

Result<void> ResponseHead::end() {
    if (status_ == 101)
        return fail(ErrorKind::permanent, "",
                    "the API switches protocols (status 101), which nobody asked for");
    if (status_ < 200) {
        // Our requests ask for none (no `Expect`): who sends one may send more that is no answer to anything.
        may_reuse_ = false;
        return {};
    }
    complete_ = true;
    // RFC 9112, 6.3: the coding is what counts, and the connection is to be closed.
    if (chunked_ && content_length_) {
        content_length_.reset();
        may_reuse_ = false;
    }
    const bool has_no_body = status_ == 204 || status_ == 304;
    if (has_no_body && (chunked_ || (status_ == 204 && content_length_.value_or(0) > 0))) may_reuse_ = false;
    return {};
}

Result<void> ResponseHead::field(std::string_view line) {
    // A line that begins with a blank goes on with the one before (RFC 9112, 5.2).
    if (line.front() == ' ' || line.front() == '\t') {
        if (headers_.empty() || trimmed(line, kBlanks).empty()) return {};
        auto& [name, value] = headers_.back();
        if (!value.empty()) value += ' ';
        value += trimmed(line, kBlanks);
        // What the library took for the length is the line before alone.
        return name == "content-length" ? length(value) : Result<void>{};
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    std::string name = lower(trimmed(line.substr(0, colon), kBlanks));
    const std::string_view value = trimmed(line.substr(colon + 1), kBlanks);
    if (name == "transfer-encoding") chunked_ = true;
    if (name == "content-length") {
        if (auto understood = length(value); !understood) return understood;
    }
    headers_.emplace_back(std::move(name), std::string(value));
    return {};
}

Result<void> ResponseHead::length(std::string_view value) {
    const auto refuse = [&] {
        return fail(ErrorKind::permanent, "",
                    "expected one Content-Length, the answer has \"" + log::excerpt(value, 40) + "\"" +
                        (content_length_ ? " after " + std::to_string(*content_length_) : ""));
    };
    // "5, 5" is 5, as is the header twice with one value.
    for (const std::string_view part : split(value, ',')) {
        const std::string_view one = trimmed(part, kBlanks);
        std::uint64_t bytes = 0;
        const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), bytes);
        if (one.empty() || error != std::errc{} || end != one.data() + one.size()) return refuse();
        if (content_length_ && *content_length_ != bytes) return refuse();
        content_length_ = bytes;
    }
    return {};
}

}  // namespace pagehaul::http
