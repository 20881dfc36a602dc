#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/exit_code.h"

namespace pagehaul::telemetry {

/// Label `result` of pagehaul_rows.
enum class RowResult { fetched, stored, quarantined, duplicate };
/// Label `result` of pagehaul_pages.
enum class PageResult { planned, stored, failed };

/// The metrics of one run. Everything is a gauge of this run, as a Pushgateway wants it (a counter would fall
/// back to zero with every run), but for two latency histograms. Names and meanings stand at the definitions
/// in metrics.cpp; deploy's dashboards and alerts read them. Thread-safe; handles are kept, no call looks a
/// label up but the first request with a new status code.
class Metrics {
  public:
    explicit Metrics(std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// `status` 0: no answer (label code="none").
    void request_done(int status, Nanos latency);
    void commit_done(Nanos latency);
    void add_rows(RowResult result, std::int64_t count);
    void add_pages(PageResult result, std::int64_t count);
    /// For a run that is resumed: what the ledger says instead of what this process saw.
    void set_rows(RowResult result, std::int64_t count);
    void set_pages(PageResult result, std::int64_t count);
    /// An attempt failed and its page will be tried again.
    void retried();
    void set_workers(int fetch, int writers);
    void set_in_flight(int now, int limit);
    void set_queue_depth(std::int64_t jobs);
    void set_buffer_bytes(std::int64_t bytes);
    /// (stored + quarantined + duplicate) / totals told; 1 is complete.
    void set_completeness(double ratio);
    /// An input or result of the sizing, label `name`.
    void set_sizing(std::string_view name, double value);

    void run_started(WallTime now);
    /// Also sets last_success when `exit` is ok: before that the series does not exist, so that a push leaves
    /// the one of an earlier run alone.
    void run_ended(WallTime now, Nanos duration, ExitCode exit);

    /// In Prometheus' text format 0.0.4.
    std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::telemetry
