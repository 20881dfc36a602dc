#include "telemetry/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <sstream>

namespace pagehaul::telemetry {
namespace {

using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr int kStatuses = 600;

/// Seconds. From a cache's answer to a time-out.
const Histogram::BucketBoundaries kRequestBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                    0.5,   1,    2.5,   5,    10,  30};
const Histogram::BucketBoundaries kCommitBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                   0.5,   1,    2.5,   5,    10,  30};

double seconds(Nanos span) {
    return std::chrono::duration<double>(span).count();
}

double unix_seconds(WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

template <class Enum>
std::size_t index(Enum value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

struct Metrics::Impl {
    prometheus::Registry registry;

    Family<Gauge>& family(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    }
    Gauge& gauge(const char* name, const char* help) { return family(name, help).Add({}); }
    Histogram& histogram(const char* name, const char* help, const Histogram::BucketBoundaries& bounds) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
    }

    // What exists only once it has a value is registered when it gets one.
    Family<Gauge>& requests =
        family("pagehaul_requests", "Requests of this run by HTTP status, none: no answer.");
    std::mutex first_of_a_status;
    std::array<std::atomic<Gauge*>, kStatuses> request_by_status{};  // written under first_of_a_status

    Family<Gauge>& row_family =
        family("pagehaul_rows", "Rows of this run: fetched = stored + quarantined + duplicate.");
    std::array<Gauge*, 4> rows = {
        &row_family.Add({{"result", "fetched"}}), &row_family.Add({{"result", "stored"}}),
        &row_family.Add({{"result", "quarantined"}}), &row_family.Add({{"result", "duplicate"}})};
    Gauge& quarantined =
        gauge("pagehaul_quarantined_rows", "Rows of this run that were put into quarantine.");

    Family<Gauge>& page_family = family("pagehaul_pages", "Pages of this run by what became of them.");
    std::array<Gauge*, 3> pages = {&page_family.Add({{"result", "planned"}}),
                                   &page_family.Add({{"result", "stored"}}),
                                   &page_family.Add({{"result", "failed"}})};
    Gauge& retries = gauge("pagehaul_retries", "Attempts of this run that are tried again.");

    Family<Gauge>& worker_family = family("pagehaul_workers", "Threads of this process.");
    Gauge& fetch_workers = worker_family.Add({{"kind", "fetch"}});
    Gauge& writers = worker_family.Add({{"kind", "write"}});
    Gauge& in_flight = gauge("pagehaul_requests_in_flight", "Requests under way.");
    Gauge& in_flight_limit =
        gauge("pagehaul_requests_in_flight_limit", "Requests that may be under way now.");
    Gauge& queue_depth = gauge("pagehaul_queue_depth", "Page jobs claimed and not yet taken by a worker.");
    Gauge& buffer_bytes = gauge("pagehaul_buffer_bytes", "Bytes of bodies, decoded pages and page buffer.");
    Family<Gauge>& completeness = family("pagehaul_completeness_ratio",
                                         "Rows accounted for over the totals the API told; 1 is complete.");
    Family<Gauge>& sizing = family("pagehaul_sizing", "What the sizing read and decided, by name.");

    Histogram& request_seconds =
        histogram("pagehaul_request_duration_seconds", "Time to a whole answer of the API.", kRequestBounds);
    Histogram& commit_seconds =
        histogram("pagehaul_commit_duration_seconds", "Time of a writer's transaction.", kCommitBounds);

    Family<Gauge>& last_success = family("pagehaul_last_success_timestamp_seconds",
                                         "When a run of this pipeline last ended complete and proven.");
    Gauge& last_run =
        gauge("pagehaul_last_run_timestamp_seconds", "When the last run began; when it ended, once it has.");
    Family<Gauge>& last_duration =
        family("pagehaul_last_run_duration_seconds", "How long the last run took.");
    Family<Gauge>& last_ok =
        family("pagehaul_last_run_success", "1 if the last run ended complete and proven, else 0.");
    Family<Gauge>& last_exit = family("pagehaul_last_run_exit_code", "Exit code of the last run.");

    Gauge& request_gauge(int status) {
        const std::size_t slot = status > 0 && status < kStatuses ? static_cast<std::size_t>(status) : 0;
        Gauge* known = request_by_status[slot].load(std::memory_order_acquire);
        if (known != nullptr) return *known;
        const std::lock_guard lock(first_of_a_status);
        Gauge& added =
            requests.Add({{"code", slot == 0 ? "none" : std::to_string(slot)}});  // the same when known
        request_by_status[slot].store(&added, std::memory_order_release);
        return added;
    }
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>()) {
    impl_->family("pagehaul_build_info", "1; the version is the label.")
        .Add({{"version", std::string(version)}})
        .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::request_done(int status, Nanos latency) {
    impl_->request_gauge(status).Increment();
    if (status > 0) impl_->request_seconds.Observe(seconds(latency));
}

void Metrics::commit_done(Nanos latency) {
    impl_->commit_seconds.Observe(seconds(latency));
}

void Metrics::add_rows(RowResult result, std::int64_t count) {
    impl_->rows[index(result)]->Increment(static_cast<double>(count));
    if (result == RowResult::quarantined) impl_->quarantined.Increment(static_cast<double>(count));
}

void Metrics::set_rows(RowResult result, std::int64_t count) {
    impl_->rows[index(result)]->Set(static_cast<double>(count));
    if (result == RowResult::quarantined) impl_->quarantined.Set(static_cast<double>(count));
}

void Metrics::add_pages(PageResult result, std::int64_t count) {
    impl_->pages[index(result)]->Increment(static_cast<double>(count));
}

void Metrics::set_pages(PageResult result, std::int64_t count) {
    impl_->pages[index(result)]->Set(static_cast<double>(count));
}

void Metrics::retried() {
    impl_->retries.Increment();
}

void Metrics::set_workers(int fetch, int writers) {
    impl_->fetch_workers.Set(fetch);
    impl_->writers.Set(writers);
}

void Metrics::set_in_flight(int now, int limit) {
    impl_->in_flight.Set(now);
    impl_->in_flight_limit.Set(limit);
}

void Metrics::set_queue_depth(std::int64_t jobs) {
    impl_->queue_depth.Set(static_cast<double>(jobs));
}

void Metrics::set_buffer_bytes(std::int64_t bytes) {
    impl_->buffer_bytes.Set(static_cast<double>(bytes));
}

void Metrics::set_completeness(double ratio) {
    impl_->completeness.Add({}).Set(ratio);
}

void Metrics::set_sizing(std::string_view name, double value) {
    impl_->sizing.Add({{"name", std::string(name)}}).Set(value);
}

void Metrics::run_started(WallTime now) {
    impl_->last_run.Set(unix_seconds(now));
}

void Metrics::run_ended(WallTime now, Nanos duration, ExitCode exit) {
    const bool ok = exit == ExitCode::ok;
    impl_->last_run.Set(unix_seconds(now));
    impl_->last_duration.Add({}).Set(seconds(duration));
    impl_->last_ok.Add({}).Set(ok ? 1 : 0);
    impl_->last_exit.Add({}).Set(static_cast<double>(static_cast<int>(exit)));
    if (ok) impl_->last_success.Add({}).Set(unix_seconds(now));
}

std::string Metrics::text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
    return std::move(out).str();
}

}  // namespace pagehaul::telemetry
