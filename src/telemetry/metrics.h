#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/exit_code.h"

namespace pagehaul::telemetry {

/// Label `result` of pagehaul_rows.
enum class RowResult { fetched, stored, quarantined, duplicate };
/// Label `result` of pagehaul_pages.
enum class PageResult { planned, stored, failed };
/// Label `result` of pagehaul_slices.
enum class SliceResult { planned, proven, failed, left };

/// One process of the run, of which several may be at work; label `worker`.
struct WorkerFigures {
    std::string name;
    std::int64_t pages = 0, rows = 0, requests = 0, setbacks = 0;
    std::int64_t in_flight = 0, in_flight_limit = 0;
    std::int64_t redeliveries = 0;
};

/// Whose figures a push has.
enum class Whose {
    all,  ///< the run's and this process's
    run,  ///< the run's alone: another process pushes, and what it said of itself stays
};

/// What all of a process's metrics have in common where they are sent by OTLP; constant.
struct MetricOrigin {
    std::vector<std::pair<std::string, std::string>> resource{};  ///< its attributes
    std::vector<std::pair<std::string, std::string>> labels{};    ///< of each series, beside its own
    WallTime start{};                                             ///< since when this process counts
};

/// The metrics of one run. Everything is a gauge of this run, as a Pushgateway wants it (a counter would fall
/// back to zero with every run), but for two latency histograms. deploy/metrics.md says what each means;
/// dashboards and alerts read them. Thread-safe; the calls made for each request keep their handles and look
/// no label up but the first of a new status code.
///
/// A gateway keeps the series that a push does not have. So what is not known yet does not exist here: the
/// run's figures before the ledger was read, the verdict before the end. What is this process's own exists
/// from the start, so that no older process's value stays.
class Metrics {
  public:
    explicit Metrics(std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// `status` 0: no answer (label code="none").
    void request_done(int status, Nanos latency);
    void commit_done(Nanos latency);
    /// An attempt failed and its page will be tried again.
    void retried();
    /// The run's, as the ledger has them: of all its processes, and of those before a restart.
    void set_rows(RowResult result, std::int64_t count);
    void set_pages(PageResult result, std::int64_t count);
    void set_slices(SliceResult result, std::int64_t count);
    /// Of one stream, of a run that has ended.
    void set_stream_rows(std::string_view stream, RowResult result, std::int64_t count);
    void set_stream_slices(std::string_view stream, SliceResult result, std::int64_t count);
    void set_workers(int fetch, int writers);
    void set_in_flight(int now, int limit);
    void set_queue_depth(std::int64_t jobs);
    void set_buffer_bytes(std::int64_t bytes);
    void set_completeness(double ratio);
    /// The processes that are at work: those that have left have no series any more.
    void set_processes(std::vector<WorkerFigures> workers);
    /// `oldest_due`: how long the first of those that may be asked for has waited.
    /// Messages of the broker that carries page jobs; what it does not tell is left out.
    void set_broker(std::int64_t ready, std::optional<std::int64_t> unsettled,
                    std::optional<std::int64_t> dead);
    void set_queue(std::int64_t pending, std::int64_t leased, Millis oldest_due);
    /// Up to when the data is complete.
    void set_watermark(WallTime until);
    /// An input or result of the sizing, label `name`.
    void set_sizing(std::string_view name, double value);

    void set_memory_limit(std::int64_t bytes);
    void set_memory_resident(std::int64_t bytes);
    /// What starts the pipeline: label `cronjob` of pagehaul_info.
    void set_cronjob(std::string_view name);
    void set_expected_interval(Millis span);
    void set_run_deadline(Millis span);

    void run_started(WallTime now);
    /// The end of the run; `took` is nullopt where this process has not seen it run. Sets last_success when
    /// `exit` is ok. `nothing_due`: it had nothing to pull; whether runs succeed stays as the last one left
    /// it.
    void run_ended(WallTime at, std::optional<Nanos> took, ExitCode exit, bool nothing_due = false);

    // What there is now, as one push sends it. `push_failures`: of this process on the push's way so far.

    /// In Prometheus' text format 0.0.4.
    std::string text(Whose whose = Whose::all, std::int64_t push_failures = 0) const;
    /// As OTLP's JSON: otlp_metrics.h. Throws Failure(bug).
    std::string otlp(const MetricOrigin& origin, WallTime now, Whose whose = Whose::all,
                     std::int64_t push_failures = 0) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::telemetry
