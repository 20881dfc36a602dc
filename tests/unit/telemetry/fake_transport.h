#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "http/transport.h"

namespace pagehaul::telemetry {

/// Answers with what `answer` says and keeps the requests. Thread-safe.
class FakeTransport final : public http::Transport {
  public:
    struct Sent {
        http::Request request;
        Deadline deadline = Deadline::never();
    };

    explicit FakeTransport(std::function<Result<http::Response>(std::stop_token)> answer)
        : answer_(std::move(answer)) {}

    Result<http::Response> send(const http::Request& request, const http::Bounds& bounds,
                                std::stop_token cancel) override {
        {
            const std::lock_guard lock(mutex_);
            sent_.push_back({request, bounds.deadline});
        }
        changed_.notify_all();
        return answer_(cancel);
    }

    std::vector<Sent> sent() const {
        const std::lock_guard lock(mutex_);
        return sent_;
    }
    void wait_for(std::size_t count) const {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return sent_.size() >= count; });
    }

    static Result<http::Response> status(int code, std::string_view body = "") {
        http::Response response;
        response.status = code;
        response.body = http::Body::of(body);
        return response;
    }

  private:
    const std::function<Result<http::Response>(std::stop_token)> answer_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<Sent> sent_;  // protected by mutex_
};

}  // namespace pagehaul::telemetry
