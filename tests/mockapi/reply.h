#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace mockapi {

/// A run of bytes to send; many replies share one page's bytes.
struct Segment {
    std::shared_ptr<const std::string> data;
    std::size_t end = std::numeric_limits<std::size_t>::max();  ///< bytes of it, at most its size
    std::size_t size() const { return end < data->size() ? end : data->size(); }
};

/// What the server does with a request; the policy (api.h) decides, the loop (server.h) carries it out.
struct Reply {
    enum class Finish { keep_alive, close, reset };
    enum class When {
        after_delay,
        when_released,  ///< once `hold` is lifted
        never,
        on_condition,  ///< /__wait: once `Waiting` is met or the delay is over
    };

    int status = 200;
    std::vector<Segment> segments;
    Finish finish = Finish::keep_alive;
    When when = When::after_delay;
    Micros delay{0};
    Micros trickle{0};            ///< more than 0: one byte each
    std::int64_t log_entry = -1;  ///< of the request log; -1: a control request
};

Segment segment(std::string text);

/// Status line and headers. No Content-Length for a negative length.
std::string head(int status, std::int64_t content_length, std::string_view extra_headers = {},
                 std::string_view content_type = "application/json");

/// A whole answer in one piece.
Reply answer(int status, std::string body, std::string_view extra_headers = {});

/// `{"code":…}` with HTTP 200.
Reply refusal(int code, std::string_view message);

/// Keeps the first `bytes` bytes of the segments.
void cut(std::vector<Segment>& segments, std::size_t bytes);
std::size_t total_size(const std::vector<Segment>& segments);

}  // namespace mockapi
