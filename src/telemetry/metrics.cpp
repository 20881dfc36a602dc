#include "telemetry/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <chrono>
#include <iterator>
#include <sstream>
#include <utility>

#include "core/mutex.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/worker_families.h"

namespace pagehaul::telemetry {
namespace {

using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr int kStatuses = 600;

/// Seconds. From a cache's answer to a time-out. Must rise strictly: the library finds a value's
/// bucket by halving.
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

const char* name_of(RowResult result) {
    switch (result) {
        case RowResult::fetched:
            return "fetched";
        case RowResult::stored:
            return "stored";
        case RowResult::quarantined:
            return "quarantined";
        case RowResult::duplicate:
            return "duplicate";
    }
    return "";
}

const char* name_of(PageResult result) {
    switch (result) {
        case PageResult::planned:
            return "planned";
        case PageResult::stored:
            return "stored";
        case PageResult::failed:
            return "failed";
    }
    return "";
}

const char* name_of(SliceResult result) {
    switch (result) {
        case SliceResult::planned:
            return "planned";
        case SliceResult::proven:
            return "proven";
        case SliceResult::failed:
            return "failed";
        case SliceResult::left:
            return "left";
    }
    return "";
}

template <class Enum>
void set(Family<Gauge>& family, Enum result, std::int64_t count) {
    family.Add({{"result", name_of(result)}}).Set(static_cast<double>(count));
}

}  // namespace

struct Metrics::Impl {
    prometheus::Registry of_run;  // and of the pipeline
    prometheus::Registry own;     // this process's

    static Family<Gauge>& family(prometheus::Registry& registry, const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    }
    Family<Gauge>& family(const char* name, const char* help) { return family(of_run, name, help); }
    Gauge& gauge(const char* name, const char* help) { return family(name, help).Add({}); }
    Family<Gauge>& own_family(const char* name, const char* help) { return family(own, name, help); }
    Gauge& own_gauge(const char* name, const char* help) { return own_family(name, help).Add({}); }
    Histogram& own_histogram(const char* name, const char* help, const Histogram::BucketBoundaries& bounds) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(own).Add({}, bounds);
    }

    // A family is exposed once it has a member: what must not exist without a value gets one with it.

    Family<Gauge>& requests = own_family(
        "pagehaul_requests", "Requests that this process has sent, by HTTP status; none: no answer.");
    Mutex first_of_a_status;
    std::array<std::atomic<Gauge*>, kStatuses> request_by_status{};  // written under first_of_a_status
    Gauge& retries = own_gauge("pagehaul_retries", "Attempts of this process that are tried again.");

    Family<Gauge>& rows =
        family("pagehaul_rows", "Rows of the run: fetched = stored + quarantined + duplicate.");
    Family<Gauge>& quarantined =
        family("pagehaul_quarantined_rows", "Rows of the run that were put into quarantine.");
    Family<Gauge>& pages = family("pagehaul_pages", "Pages of the run by what became of them.");
    Family<Gauge>& slices = family("pagehaul_slices", "Slices of the run by what became of them.");
    Family<Gauge>& stream_rows =
        family("pagehaul_stream_rows", "Rows of the last run by stream and what became of them.");
    Family<Gauge>& stream_slices =
        family("pagehaul_stream_slices", "Slices of the last run by stream and what became of them.");
    Family<Gauge>& completeness = family("pagehaul_completeness_ratio",
                                         "Share of the run's data that is accounted for; 1 is all of it.");
    Family<Gauge>& processes = family("pagehaul_processes", "Processes of the run that are at work.");
    Family<Gauge>& queue =
        family("pagehaul_queue_pages", "Pages of the run that wait for a process or are in its hands.");
    Family<Gauge>& broker =
        family("pagehaul_broker_messages", "Messages of the broker that carries page jobs.");
    Family<Gauge>& oldest_due = family("pagehaul_queue_oldest_due_age_seconds",
                                       "How long the page that may be asked for first has waited.");
    Mutex of_workers;
    std::vector<WorkerFigures> workers PAGEHAUL_GUARDED_BY(of_workers);
    Family<Gauge>& watermark =
        family("pagehaul_source_watermark_timestamp_seconds",
               "Up to when the pipeline's data is complete: the end of the newest complete day.");

    Family<Gauge>& worker_family = own_family("pagehaul_workers", "Threads of this process.");
    Gauge& fetch_workers = worker_family.Add({{"kind", "fetch"}});
    Gauge& writers = worker_family.Add({{"kind", "write"}});
    Gauge& in_flight = own_gauge("pagehaul_requests_in_flight", "Requests of this process under way.");
    Gauge& in_flight_limit =
        own_gauge("pagehaul_requests_in_flight_limit", "Requests of this process that may be under way now.");
    Gauge& queue_depth =
        own_gauge("pagehaul_queue_depth", "Page jobs claimed and not yet taken by a worker.");
    Gauge& buffer_bytes =
        own_gauge("pagehaul_buffer_bytes", "Bytes of bodies, decoded pages and page buffer.");
    Family<Gauge>& memory_limit =
        own_family("pagehaul_memory_limit_bytes", "Memory that this process may use, as its sizing read it.");
    Family<Gauge>& memory_resident =
        own_family("pagehaul_memory_resident_bytes", "Memory that this process has in use.");
    Family<Gauge>& sizing = own_family("pagehaul_sizing", "What the sizing read and decided, by name.");

    Histogram& request_seconds = own_histogram("pagehaul_request_duration_seconds",
                                               "Time to a whole answer of the API.", kRequestBounds);
    Histogram& commit_seconds =
        own_histogram("pagehaul_commit_duration_seconds", "Time of a writer's transaction.", kCommitBounds);

    Family<Gauge>& expected_interval = family("pagehaul_expected_interval_seconds",
                                              "How often a run is to succeed: telemetry.expect_every.");
    Family<Gauge>& run_deadline =
        family("pagehaul_run_deadline_seconds", "After which a process ends itself: run.deadline.");
    Gauge& in_progress = gauge("pagehaul_run_in_progress", "1 while a run goes on, 0 when it has ended.");
    Family<Gauge>& last_success = family("pagehaul_last_success_timestamp_seconds",
                                         "When a run of this pipeline last ended complete and proven.");
    Gauge& last_run =
        gauge("pagehaul_last_run_timestamp_seconds", "When the last run began; when it ended, once it has.");
    Family<Gauge>& last_duration =
        family("pagehaul_last_run_duration_seconds", "How long the process took that ended the last run.");
    Family<Gauge>& last_ok =
        family("pagehaul_last_run_success", "1 if the last run ended complete and proven, else 0.");
    Family<Gauge>& last_exit = family("pagehaul_last_run_exit_code", "Exit code of the last run.");

    Gauge& request_gauge(int status) {
        const std::size_t slot = status > 0 && status < kStatuses ? static_cast<std::size_t>(status) : 0;
        Gauge* known = request_by_status[slot].load(std::memory_order_acquire);
        if (known != nullptr) return *known;
        const MutexLock lock(first_of_a_status);
        Gauge& added =
            requests.Add({{"code", slot == 0 ? "none" : std::to_string(slot)}});  // the same when known
        request_by_status[slot].store(&added, std::memory_order_release);
        return added;
    }

    std::vector<prometheus::MetricFamily> collect(Whose whose, std::int64_t push_failures) {
        auto families = of_run.Collect();
        const auto add = [&](std::vector<prometheus::MetricFamily> more) {
            families.insert(families.end(), std::make_move_iterator(more.begin()),
                            std::make_move_iterator(more.end()));
        };
        {
            const MutexLock lock(of_workers);
            add(worker_families(workers));
        }
        if (whose == Whose::run) return families;
        add(own.Collect());
        // Each way of the metrics has its own number.
        prometheus::MetricFamily failures{"pagehaul_push_failures",
                                          "Pushes of this process that did not get through.",
                                          prometheus::MetricType::Gauge,
                                          {prometheus::ClientMetric{}}};
        failures.metric.front().gauge.value = static_cast<double>(push_failures);
        families.push_back(std::move(failures));
        return families;
    }
};

Metrics::Metrics(std::string_view version) : impl_(std::make_unique<Impl>()) {
    impl_->own_family("pagehaul_build_info", "1; the version is the label.")
        .Add({{"version", std::string(version)}})
        .Set(1);
    impl_->request_gauge(200);
}

Metrics::~Metrics() = default;

void Metrics::request_done(int status, Nanos latency) {
    impl_->request_gauge(status).Increment();
    if (status > 0) impl_->request_seconds.Observe(seconds(latency));
}

void Metrics::commit_done(Nanos latency) {
    impl_->commit_seconds.Observe(seconds(latency));
}

void Metrics::retried() {
    impl_->retries.Increment();
}

void Metrics::set_rows(RowResult result, std::int64_t count) {
    set(impl_->rows, result, count);
    if (result == RowResult::quarantined) impl_->quarantined.Add({}).Set(static_cast<double>(count));
}

void Metrics::set_pages(PageResult result, std::int64_t count) {
    set(impl_->pages, result, count);
}

void Metrics::set_slices(SliceResult result, std::int64_t count) {
    set(impl_->slices, result, count);
}

void Metrics::set_stream_rows(std::string_view stream, RowResult result, std::int64_t count) {
    impl_->stream_rows.Add({{"stream", std::string(stream)}, {"result", name_of(result)}})
        .Set(static_cast<double>(count));
}

void Metrics::set_stream_slices(std::string_view stream, SliceResult result, std::int64_t count) {
    impl_->stream_slices.Add({{"stream", std::string(stream)}, {"result", name_of(result)}})
        .Set(static_cast<double>(count));
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

void Metrics::set_processes(std::vector<WorkerFigures> workers) {
    impl_->processes.Add({}).Set(static_cast<double>(workers.size()));
    const MutexLock lock(impl_->of_workers);
    impl_->workers = std::move(workers);
}

void Metrics::set_broker(std::int64_t ready, std::optional<std::int64_t> unsettled,
                         std::optional<std::int64_t> dead) {
    impl_->broker.Add({{"state", "ready"}}).Set(static_cast<double>(ready));
    if (unsettled) impl_->broker.Add({{"state", "unsettled"}}).Set(static_cast<double>(*unsettled));
    if (dead) impl_->broker.Add({{"state", "dead"}}).Set(static_cast<double>(*dead));
}

void Metrics::set_queue(std::int64_t pending, std::int64_t leased, Millis oldest_due) {
    impl_->queue.Add({{"state", "pending"}}).Set(static_cast<double>(pending));
    impl_->queue.Add({{"state", "leased"}}).Set(static_cast<double>(leased));
    impl_->oldest_due.Add({}).Set(seconds(oldest_due));
}

void Metrics::set_watermark(WallTime until) {
    impl_->watermark.Add({}).Set(unix_seconds(until));
}

void Metrics::set_sizing(std::string_view name, double value) {
    impl_->sizing.Add({{"name", std::string(name)}}).Set(value);
}

void Metrics::set_memory_limit(std::int64_t bytes) {
    impl_->memory_limit.Add({}).Set(static_cast<double>(bytes));
}

void Metrics::set_memory_resident(std::int64_t bytes) {
    impl_->memory_resident.Add({}).Set(static_cast<double>(bytes));
}

void Metrics::set_cronjob(std::string_view name) {
    impl_->family("pagehaul_info", "1; what starts the pipeline is the label.")
        .Add({{"cronjob", std::string(name)}})
        .Set(1);
}

void Metrics::set_expected_interval(Millis span) {
    impl_->expected_interval.Add({}).Set(seconds(span));
}

void Metrics::set_run_deadline(Millis span) {
    impl_->run_deadline.Add({}).Set(seconds(span));
}

void Metrics::run_started(WallTime now) {
    impl_->last_run.Set(unix_seconds(now));
    impl_->in_progress.Set(1);
}

void Metrics::run_ended(WallTime at, std::optional<Nanos> took, ExitCode exit, bool nothing_due) {
    set_in_flight(0, 0);
    set_queue_depth(0);
    set_buffer_bytes(0);
    impl_->processes.Add({}).Set(0);
    {
        const MutexLock lock(impl_->of_workers);
        for (WorkerFigures& worker : impl_->workers)
            worker.in_flight = worker.in_flight_limit = 0;
    }
    const bool ok = exit == ExitCode::ok;
    impl_->in_progress.Set(0);
    impl_->last_run.Set(unix_seconds(at));
    if (took) impl_->last_duration.Add({}).Set(seconds(*took));
    impl_->last_exit.Add({}).Set(static_cast<double>(static_cast<int>(exit)));
    if (nothing_due) return;
    impl_->last_ok.Add({}).Set(ok ? 1 : 0);
    if (ok) impl_->last_success.Add({}).Set(unix_seconds(at));
}

std::string Metrics::text(Whose whose, std::int64_t push_failures) const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, impl_->collect(whose, push_failures));
    return std::move(out).str();
}

std::string Metrics::otlp(const MetricOrigin& origin, WallTime now, Whose whose,
                          std::int64_t push_failures) const {
    return metrics_request(origin, impl_->collect(whose, push_failures), now);
}

}  // namespace pagehaul::telemetry
