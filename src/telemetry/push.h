#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

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

/// What tells a pipeline's metrics from those of others, by label: where it runs, as far as that is told, and
/// its name.
std::vector<std::pair<std::string, std::string>> group_labels(std::string_view pipeline,
                                                              const config::MetricLabels& labels);

/// Fails (kind config) on what is not an http or https URL, or one with user name, query or fragment.
Result<Gateway> gateway_of(const config::Pushgateway& config, std::string_view pipeline,
                           const config::MetricLabels& labels = {});

/// A request to one of the gateway's paths, with our credential. Fails (kind config) when the credential
/// cannot stand in a header.
Result<http::Request> request_to(const Gateway& gateway, std::string method, std::string_view path);

/// 401 and 403.
bool refuses_credential(int status);
/// Of an answer that is no 2xx: credential for those, permanent for another 4xx, else transient.
ErrorKind kind_of_refusal(int status);

/// How long one push may take.
constexpr Nanos kPushLimit = std::chrono::seconds{2};

/// One POST: merges into the group, so that series missing from `body` (last_success of a failed run) keep
/// their older value. Blocks for `limit` and a little: a stop has 3 s for the last push and what follows it.
/// Anything but a 2xx is an error, of kind_of_refusal.
Result<void> push_once(http::Transport& transport, const Gateway& gateway, std::string body,
                       const Clock& clock, std::stop_token stop, Nanos limit = kPushLimit);

/// A way on which metrics leave.
struct Way {
    std::string place;  ///< the key or variable that names it
    /// One push of all there is now, told how many have failed so far. Blocks for `limit` and a little.
    std::function<Result<void>(std::int64_t failures, std::stop_token stop, Nanos limit)> push{};
    Millis interval{15'000};
    Nanos limit = kPushLimit;  ///< of a push at the interval
};

/// Renders the metrics, told how many pushes have failed so far.
using Render = std::function<std::string(std::int64_t failures)>;

/// To a Pushgateway, by push_once. The transport must be for `gateway.origin`.
Way way_to(Gateway gateway, std::unique_ptr<http::Transport> transport, Render text, Millis interval,
           const Clock& clock);

/// Pushes from a thread of its own while it leads: at once and at an interval; and once more at the end. A
/// failed push is never fatal: it is counted, logged the first time and then at every tenth in a row. Nothing
/// ever goes to stdout.
class Pusher {
  public:
    /// `way.push` is called from the pusher's thread and from finish(), never from both at a time.
    Pusher(Way way, const Clock& clock);
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
    bool push(std::stop_token stop, Nanos limit);
    void loop(std::stop_token stop);
    bool wait_to_lead(std::stop_token stop);

    const Way way_;
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

/// The pushers of a process, one a way, as one.
class Pushers {
  public:
    void add(Way way, const Clock& clock) {
        each_.push_back(std::make_unique<Pusher>(std::move(way), clock));
    }
    bool empty() const { return each_.empty(); }
    void lead(bool leads);
    void start();
    /// The last push of all at once: `limit` and a little, however many there are.
    void finish(Nanos limit);

  private:
    std::vector<std::unique_ptr<Pusher>> each_;
};

}  // namespace pagehaul::telemetry
