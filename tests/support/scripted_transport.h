#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/transport.h"

namespace pagehaul::testing {

/// A transport whose answers a test writes down: each request takes the next one; the last one repeats.
/// Thread-safe.
class ScriptedTransport final : public http::Transport {
  public:
    using Answer = std::function<Result<http::Response>(const http::Request&, std::stop_token cancel)>;

    void then(Answer answer) {
        const std::lock_guard lock(mutex_);
        answers_.push_back(std::move(answer));
    }
    void then_status(int status, std::string_view body = "{}", http::Headers headers = {}) {
        then([=, body = std::string(body)](const http::Request&, std::stop_token) {
            http::Response response;
            response.status = status;
            response.headers = headers;
            response.body = http::Body::of(body);
            return Result<http::Response>(std::move(response));
        });
    }
    void then_fail(ErrorKind kind, const std::string& message) {
        then([=](const http::Request&, std::stop_token) -> Result<http::Response> {
            return fail(kind, "", message);
        });
    }

    Result<http::Response> send(const http::Request& request, const http::Bounds& bounds,
                                std::stop_token cancel) override {
        Answer answer;
        {
            const std::lock_guard lock(mutex_);
            targets_.push_back(request.target);
            if (!answers_.empty()) {
                last_ = std::move(answers_.front());
                answers_.pop_front();
            }
            if (!last_) return fail(ErrorKind::bug, "test", "no answer was scripted");
            answer = last_;
        }
        auto response = answer(request, cancel);
        if (response && bounds.reserve && !bounds.reserve(response->body.capacity()))
            return fail(ErrorKind::transient, "", "no room for the body");
        return response;
    }

    /// Path and query of each request, in order.
    std::vector<std::string> targets() const {
        const std::lock_guard lock(mutex_);
        return targets_;
    }

  private:
    mutable std::mutex mutex_;
    std::deque<Answer> answers_;        // protected by mutex_
    Answer last_;                       // protected by mutex_
    std::vector<std::string> targets_;  // protected by mutex_
};

}  // namespace pagehaul::testing
