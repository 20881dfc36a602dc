#include "reply.h"

#include <algorithm>

namespace mockapi {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 302:
            return "Found";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Status";
    }
}

}  // namespace

Segment segment(std::string text) {
    return {std::make_shared<const std::string>(std::move(text))};
}

std::string head(int status, std::int64_t content_length, std::string_view extra_headers,
                 std::string_view content_type) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    text += reason(status);
    text += "\r\nContent-Type: ";
    text += content_type;
    text += "\r\n";
    if (content_length >= 0) {
        text += "Content-Length: " + std::to_string(content_length) + "\r\n";
    } else {
        text += "Connection: close\r\n";
    }
    text += extra_headers;
    text += "\r\n";
    return text;
}

Reply answer(int status, std::string body, std::string_view extra_headers) {
    Reply reply;
    reply.status = status;
    reply.segments.push_back(
        segment(head(status, static_cast<std::int64_t>(body.size()), extra_headers) + body));
    return reply;
}

Reply refusal(int code, std::string_view message) {
    return answer(200, R"({"code":)" + std::to_string(code) + R"(,"success":false,"msg":")" +
                           std::string(message) + R"(","request_id":"mock","data":null})");
}

void cut(std::vector<Segment>& segments, std::size_t bytes) {
    for (auto& part : segments) {
        part.end = std::min(part.size(), bytes);
        bytes -= part.end;
    }
}

std::size_t total_size(const std::vector<Segment>& segments) {
    std::size_t sum = 0;
    for (const auto& part : segments)
        sum += part.size();
    return sum;
}

}  // namespace mockapi
