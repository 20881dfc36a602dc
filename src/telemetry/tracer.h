#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "telemetry/job_trace.h"
#include "telemetry/span.h"
#include "telemetry/span_exporter.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::telemetry {

enum class SliceEnd { proven, failed, split, left };

/// The spans of this process' part of a run, one trace:
///
///     run                               always
///     ├── slice                         always; from its first page claimed to its verdict or the run's end
///     │   └── page, proof               of the sampled pages, one an attempt
///     │       └── wait, fetch, decode   of each of its requests
///     └── commit                        those that store a sampled page, which they link to
///
/// Thread-safe. Nothing here waits but finish(). Without traces there is no Tracer: they cost one branch
/// then.
class Tracer {
  public:
    struct Parts {
        std::unique_ptr<http::Transport> transport;  ///< for settings.origin; null where nothing is recorded
        std::string source_url;                      ///< the API's, for the attributes of requests
        std::function<std::string(std::string_view text, std::size_t bytes)> redact;
    };

    Tracer(const TraceSettings& settings, Parts parts, const Clock& clock, Random& random);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    const TraceId& trace() const { return trace_; }

    /// Of nothing unless the page is sampled, or its requests carry the trace.
    JobTrace job(const JobFacts& facts);
    /// Of nothing if `pages`, the spans of the jobs that fetched them (0: not recorded), has none.
    CommitTrace commit(std::vector<SpanId> pages);

    void slice_claimed(std::int64_t id, const std::string& key, const std::string& stream = {});
    /// The API moved: the slice is pulled again.
    void slice_moved(const std::string& key, int pass, const std::string& why);
    void slice_ended(const std::string& key, SliceEnd how, const std::string& why);

    /// Of the run's span.
    void describe_run(std::vector<Attribute> attributes);
    /// Ends what is open, and lets the exporter send until `flush_end`, which finish() waits for.
    /// `error_type` is empty where the run did not fail. Idempotent; nothing of the run and its slices is
    /// recorded after.
    void end_run(const std::string& error_type, const std::string& why, MonoTime flush_end);
    void finish();

  private:
    friend class JobTrace;
    friend class CommitTrace;
    static constexpr std::size_t kMaxOpenSlices = 2048;

    void offer(std::vector<Span>&& spans) {
        exporter_->offer(std::move(spans), SpanQueue::Importance::detail);
    }
    static void end_slice(Span& slice, SliceEnd how, const std::string& why, MonoTime now);

    const TraceSettings settings_;
    IdSource ids_;
    const TraceId trace_;
    const std::uint64_t sampling_seed_;
    const Clock& clock_;
    std::string server_;
    int port_ = 0;
    std::unique_ptr<SpanExporter> exporter_;  ///< null: nothing is recorded
    const SpanId run_id_;
    Mutex mutex_;
    Span run_ PAGEHAUL_GUARDED_BY(mutex_);
    std::unordered_map<std::string, Span> slices_ PAGEHAUL_GUARDED_BY(mutex_);  // the open ones
    bool ended_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace pagehaul::telemetry
