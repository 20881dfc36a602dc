#include "http/curl/answer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace pagehaul::http {
namespace {

/// A body of known length gets its room at once, but no more than this for a promise alone.
constexpr std::size_t most_promised = 1UL << 20U;

}  // namespace

void Answer::connected() {
    connected_ = true;
    heard_ = clock_.now();
}

void Answer::take_head_line(std::string_view line) {
    if (first_byte_ == MonoTime{}) first_byte_ = clock_.now();
    if (Result<void> taken = head_.take(line); !taken) error_ = std::move(taken.error());
}

void Answer::take_body(std::string_view bytes) {
    head_.body_began();
    const std::size_t total = body_.size() + bytes.size();
    const std::size_t promised = std::max<std::size_t>(total, head_.content_length().value_or(0));
    if (promised > bounds_.max_body) {
        error_ = Error{
            ErrorKind::permanent, "",
            "the response body is larger than limits.body (" + std::to_string(bounds_.max_body) + " bytes)"};
        return;
    }
    const std::size_t room = body_.size() == 0 ? std::min(promised, std::max(total, most_promised)) : total;
    if (bounds_.reserve && !bounds_.reserve(room)) throw std::bad_alloc();
    std::memcpy(body_.grow(room - body_.size()), bytes.data(), bytes.size());
    body_.grew(bytes.size());
}

bool Answer::take(void (Answer::*part)(std::string_view), std::string_view bytes) noexcept {
    try {
        heard_ = clock_.now();
        (this->*part)(bytes);
    } catch (...) {
        error_ = Error{ErrorKind::transient, "", "no memory left for the response"};
    }
    return !error_;
}

Response Answer::take(MonoTime started) {
    if (body_.capacity() == 0) body_.grow(0);
    Response response;
    response.status = head_.status();
    response.headers = head_.take_headers();
    response.body = std::move(body_);
    response.first_byte = first_byte_ - started;
    return response;
}

}  // namespace pagehaul::http
