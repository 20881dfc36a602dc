#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/exit_code.h"

namespace pagehaul::telemetry {

/// Label `result` of pagehaul_rows.
enum class RowResult { fetched, stored, quarantined, duplicate };
/// Label `result` of pagehaul_pages.
enum class PageResult { planned, stored, failed };
/// Label `result` of pagehaul_slices.
enum class SliceResult { planned, proven, failed, left };

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
    void set_workers(int fetch, int writers);
    void set_in_flight(int now, int limit);
    void set_queue_depth(std::int64_t jobs);
    void set_buffer_bytes(std::int64_t bytes);
    void set_completeness(double ratio);
    /// Up to when the data is complete.
    void set_watermark(WallTime until);
    /// An input or result of the sizing, label `name`.
    void set_sizing(std::string_view name, double value);

    void set_memory_limit(std::int64_t bytes);
    void set_memory_resident(std::int64_t bytes);
    void set_expected_interval(Millis span);
    void set_run_deadline(Millis span);
    void set_push_failures(std::int64_t count);

    void run_started(WallTime now);
    /// The end of this process, other processes go on with the run: nothing of ours is under way any more.
    void process_ended();
    /// The end of the run; `took` is nullopt where this process has not seen it run. Sets last_success when
    /// `exit` is ok. `nothing_due`: it had nothing to pull; whether runs succeed stays as the last one left
    /// it.
    void run_ended(WallTime at, std::optional<Nanos> took, ExitCode exit, bool nothing_due = false);

    /// In Prometheus' text format 0.0.4.
    std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::telemetry
