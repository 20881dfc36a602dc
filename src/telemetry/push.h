#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/mutex.h"
#include "http/transport.h"

namespace pagehaul::telemetry {

/// Where to push, and who we say we are.
struct Gateway {
    std::string origin;  ///< scheme://host[:port], for http::TransportOptions::base_url
    std::string prefix;  ///< the path that the URL puts before the gateway's own
    std::string group;   ///< the path behind that of the group
    config::Auth auth;
};

/// Fails (kind config) on what is not an http or https URL, or one with user name, query or fragment.
Result<Gateway> gateway_of(const config::Pushgateway& config, std::string_view pipeline,
                           const config::MetricLabels& labels = {});

/// A request to one of the gateway's paths, with our credential. Fails (kind config) when the credential
/// cannot stand in a header.
Result<http::Request> request_to(const Gateway& gateway, std::string method, std::string_view path);

/// 401 and 403.
bool refuses_credential(int status);

/// How long one push may take.
constexpr Nanos kPushLimit = std::chrono::seconds{2};

/// One POST: merges into the group, so that series missing from `body` (last_success of a failed run) keep
/// their older value. Blocks for `limit` and a little: a stop has 3 s for the last push and what follows it.
/// Anything but a 2xx is an error of kind transient, for 401 and 403 credential, for another 4xx permanent.
Result<void> push_once(http::Transport& transport, const Gateway& gateway, std::string body,
                       const Clock& clock, std::stop_token stop, Nanos limit = kPushLimit);

/// Pushes from a thread of its own while it leads: at once and at an interval; and once more at the end. A
/// failed push is never fatal: it is counted, logged the first time and then at every tenth in a row. Nothing
/// ever goes to stdout.
class Pusher {
  public:
    /// Renders the metrics, told how many pushes have failed so far.
    using Text = std::function<std::string(std::int64_t failures)>;
    /// `text` is called from the pusher's thread and from finish(), never from both at a time. The transport
    /// must be for `gateway.origin`.
    Pusher(Gateway gateway, std::unique_ptr<http::Transport> transport, Text text, Millis interval,
           const Clock& clock);
    /// As finish(), without the last push: for a process that has nothing to say.
    ~Pusher();
    Pusher(const Pusher&) = delete;
    Pusher& operator=(const Pusher&) = delete;

    /// Of several processes with one group one leads at a time; at first this one does not. From any thread.
    void lead(bool leads);
    void start();
    /// Ends the thread (a push under way is cut off) and pushes a last time, for `limit` and a little.
    /// Idempotent.
    /// @return whether the last push succeeded.
    bool finish(Nanos limit = kPushLimit);
    std::int64_t failures() const;

  private:
    bool push(std::stop_token stop, Nanos limit = kPushLimit);
    void loop(std::stop_token stop);
    bool wait_to_lead(std::stop_token stop);

    const Gateway gateway_;
    const std::unique_ptr<http::Transport> transport_;
    const Text text_;
    const Millis interval_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::condition_variable_any led_;
    bool leads_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    std::int64_t failures_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    std::int64_t in_a_row_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    bool finished_ = false;  // only used by the owner's thread
    bool last_ok_ = false;   // only used by the owner's thread
    std::jthread thread_;    // last: ends before what it uses
};

}  // namespace pagehaul::telemetry
