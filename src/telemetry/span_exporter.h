#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/random.h"
#include "http/transport.h"
#include "telemetry/export_policy.h"
#include "telemetry/otlp_json.h"
#include "telemetry/span_queue.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::telemetry {

/// Sends spans to a collector in batches, from a thread of its own. Nobody ever waits for it but `finish`,
/// for a bounded time. A failure is logged the first time and then at every tenth in a row; what was lost is
/// logged once, at the end.
class SpanExporter {
  public:
    static constexpr std::size_t kBatch = 512;
    static constexpr std::size_t kCapacity = 4096;  ///< some 3 MiB at most
    static constexpr std::size_t kReserve = 4096;   ///< for the spans of the run and its slices
    static constexpr Millis kInterval{5'000};       ///< a smaller batch waits no longer

    /// The transport must be for `settings.origin`.
    SpanExporter(const TraceSettings& settings, TraceResource resource,
                 std::unique_ptr<http::Transport> transport, const Clock& clock, Random& random);
    /// As finish(), at once.
    ~SpanExporter();
    SpanExporter(const SpanExporter&) = delete;
    SpanExporter& operator=(const SpanExporter&) = delete;

    void start();
    /// From any thread; never waits.
    void offer(std::vector<Span>&& spans, SpanQueue::Importance importance);
    /// Counts a span as lost that was not even made.
    void drop() { queue_.drop(); }
    /// Lets the thread send what is there, until `end` at the latest, and returns at once.
    void begin_finish(MonoTime end);
    /// Waits for the thread until that end (without begin_finish: now), and tells what was lost. Idempotent.
    void finish();

  private:
    void loop();
    void wait_for_work();
    /// @return whether the collector took it, or might take the next one.
    bool send(std::vector<Span> batch);
    SendOutcome send_once(const http::Request& request, Deadline deadline, std::int64_t& rejected);
    bool pause(const TryAgain& again);
    void lost(std::size_t spans, const std::string& why);
    bool closing() const { return closing_.get_token().stop_requested(); }
    Deadline last_moment() const;

    const OtlpTarget target_;
    const TraceResource resource_;
    const std::unique_ptr<http::Transport> transport_;
    const Clock& clock_;
    Random& random_;
    SpanQueue queue_;
    std::stop_source closing_;  ///< begin_finish was called
    std::stop_source cancel_;   ///< its time is over
    std::stop_source ended_;    ///< the thread is done
    mutable Mutex mutex_;
    std::stop_source wake_ PAGEHAUL_GUARDED_BY(mutex_);  // requested once a batch is full
    MonoTime end_ PAGEHAUL_GUARDED_BY(mutex_){};
    MonoTime held_until_{};  // only used by the thread, like what follows until it has ended
    std::int64_t failures_in_a_row_ = 0;
    std::int64_t lost_ = 0;
    std::string why_lost_;
    bool told_ = false;    // only used by the owner's thread
    std::jthread thread_;  // last: ends before what it uses
};

}  // namespace pagehaul::telemetry
