#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "http/response_head.h"
#include "http/transport.h"

namespace pagehaul::http {

/// What has come of an answer, within its bounds: the only ones that a body has. Belongs to the thread that
/// waits for it.
class Answer {
  public:
    Answer(const Bounds& bounds, const Clock& clock) : bounds_(bounds), clock_(clock), heard_(clock.now()) {}

    /// The connection stands, the request goes out: from now on the server's silence counts.
    void connected();
    void take_head_line(std::string_view line);
    void take_body(std::string_view bytes);
    /// One of these two, without an exception.
    /// @return false: the exchange must end, error() says why.
    bool take(void (Answer::*part)(std::string_view), std::string_view bytes) noexcept;

    bool is_connected() const { return connected_; }
    MonoTime heard() const { return heard_; }  ///< when anything came last
    const std::optional<Error>& error() const { return error_; }
    bool may_reuse() const { return head_.may_reuse(); }
    /// The whole answer, still encoded; once.
    Response take(MonoTime started);

  private:
    const Bounds& bounds_;
    const Clock& clock_;
    bool connected_ = false;
    MonoTime heard_, first_byte_{};
    ResponseHead head_;
    Body body_;
    std::optional<Error> error_;
};

}  // namespace pagehaul::http
