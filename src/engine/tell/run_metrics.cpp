#include "engine/tell/run_metrics.h"

#include <date/date.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "engine/shared/connecting.h"
#include "engine/shared/transports.h"
#include "log/log.h"
#include "source/watermark.h"
#include "telemetry/otlp_push.h"
#include "telemetry/resident.h"

namespace pagehaul::engine {
namespace {

constexpr Millis kConnectTimeout{2'000};

using std::chrono::sys_days;

/// Of the ledger's own text, which source/slices wrote.
sys_days day_of(const std::string& text) {
    std::istringstream in(text);
    sys_days day;
    in >> date::parse("%F", day);
    if (!in) throw Failure(ErrorKind::bug, "ledger", "a slice's day is no day: " + text);
    return day;
}

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::optional<double> completeness(const ledger::RunState& state, const ledger::Policies& policies) {
    const std::int64_t slices = state.slices_open + state.slices_proven + state.slices_failed;
    if (slices == 0) return std::nullopt;
    // What is left of older runs is in the sums below.
    if (state.status == ledger::RunStatus::succeeded) return 1;
    const bool by_rows = std::all_of(policies.all().begin(), policies.all().end(), [](const auto& stream) {
        return stream.second.total == ledger::Policy::Known::rows && !stream.second.total_advisory;
    });
    if (by_rows) {
        const std::int64_t rows = state.rows_stored + state.rows_quarantined + state.rows_duplicate;
        return share(rows, state.rows_told.value_or(0)) * share(state.slices_told, slices);
    }
    // Pages of slices whose end is still searched for are done, but not planned.
    const std::int64_t done = std::min(state.pages_done, state.pages_planned);
    return share(done, state.pages_planned) * share(state.slices_planned, slices);
}

const config::Dimension* date_dimension(const std::vector<config::Stream>& streams) {
    const config::Dimension* only = nullptr;
    for (const config::Stream& stream : streams) {
        const config::Dimension* of_stream = nullptr;
        for (const config::Dimension& dimension : stream.source.slices) {
            const auto* const days = std::get_if<config::DateDimension>(&dimension.values);
            if (days == nullptr) continue;
            const bool same =
                only == nullptr || (only->name == dimension.name &&
                                    std::get<config::DateDimension>(only->values).zone == days->zone);
            if (of_stream != nullptr || !same) return nullptr;
            of_stream = &dimension;
        }
        if (of_stream != nullptr) only = of_stream;
    }
    return only;
}

std::optional<WallTime> watermark(const std::vector<ledger::DaysOfRun>& days,
                                  const config::Dimension& dimension) {
    const std::string& zone = std::get<config::DateDimension>(dimension.values).zone;
    if (days.empty()) return std::nullopt;
    std::vector<source::SliceDays> slices;
    for (const ledger::DaysOfRun& row : days)
        slices.push_back({.first = day_of(row.first), .last = day_of(row.last), .proven = row.proven});
    const WallTime planned_at{std::chrono::seconds(days.front().planned_at)};
    const auto newest = source::newest_complete_day(slices, source::last_ended_day(planned_at, zone));
    if (!newest) return std::nullopt;
    return source::end_of_day(*newest, zone);
}

Ending ending_of(const RunEnded& ended, std::int64_t other_workers) {
    if (ended.exit == ExitCode::ok || other_workers == 0) return ended;
    return ProcessEnded{};
}

void publish_ending(telemetry::Metrics& metrics, const Ending& ending) {
    if (const auto* run = std::get_if<RunEnded>(&ending))
        metrics.run_ended(run->at, run->took, run->exit, run->nothing_due);
}

void publish_settings(telemetry::Metrics& metrics, const config::Config& config,
                      const machine::Sizing& sizing, const machine::MachineLimits& limits) {
    for (const auto& [name, value] : sizing.numbers(limits))
        metrics.set_sizing(name, value);
    metrics.set_workers(sizing.fetch_workers, sizing.writers);
    if (limits.memory) metrics.set_memory_limit(*limits.memory);
    if (config.run.deadline) metrics.set_run_deadline(*config.run.deadline);
    if (!config.telemetry.labels.cronjob.empty()) metrics.set_cronjob(config.telemetry.labels.cronjob);
    if (config.telemetry.expect_every) metrics.set_expected_interval(*config.telemetry.expect_every);
}

void publish_state(telemetry::Metrics& metrics, const ledger::RunState& state,
                   const ledger::Policies& policies) {
    using telemetry::PageResult;
    using telemetry::RowResult;
    using telemetry::SliceResult;
    metrics.set_rows(RowResult::fetched, state.rows_fetched);
    metrics.set_rows(RowResult::stored, state.rows_stored);
    metrics.set_rows(RowResult::quarantined, state.rows_quarantined);
    metrics.set_rows(RowResult::duplicate, state.rows_duplicate);
    const std::int64_t failed = state.pages_unavailable + state.pages_refused;
    metrics.set_pages(PageResult::planned,
                      state.pages_pending + state.pages_leased + state.pages_done + failed);
    metrics.set_pages(PageResult::stored, state.pages_done);
    metrics.set_pages(PageResult::failed, failed);
    metrics.set_slices(SliceResult::planned, state.slices_open + state.slices_proven + state.slices_failed);
    metrics.set_slices(SliceResult::proven, state.slices_proven);
    metrics.set_slices(SliceResult::failed, state.slices_failed);
    metrics.set_slices(SliceResult::left, state.slices_left);
    if (const auto ratio = completeness(state, policies)) metrics.set_completeness(*ratio);
    metrics.set_queue(state.pages_pending, state.pages_leased, state.oldest_due.value_or(Millis{0}));
    std::vector<telemetry::WorkerFigures> workers;
    for (const ledger::WorkerNow& worker : state.workers)
        workers.push_back({.name = worker.name,
                           .pages = worker.figures.pages,
                           .rows = worker.figures.rows,
                           .requests = worker.figures.requests,
                           .setbacks = worker.figures.setbacks,
                           .in_flight = worker.figures.in_flight,
                           .in_flight_limit = worker.figures.in_flight_limit,
                           .redeliveries = worker.figures.redeliveries});
    if (!workers.empty()) metrics.set_processes(std::move(workers));
}

void publish_streams(telemetry::Metrics& metrics, const std::vector<ledger::StreamSums>& streams) {
    using telemetry::RowResult;
    using telemetry::SliceResult;
    for (const ledger::StreamSums& of : streams) {
        metrics.set_stream_rows(of.stream, RowResult::stored, of.rows_stored);
        metrics.set_stream_rows(of.stream, RowResult::quarantined, of.rows_quarantined);
        metrics.set_stream_slices(of.stream, SliceResult::planned, of.slices);
        metrics.set_stream_slices(of.stream, SliceResult::proven, of.slices_proven);
        metrics.set_stream_slices(of.stream, SliceResult::failed, of.slices_failed);
    }
}

std::optional<WallTime> read_watermark(const Context& context, postgres::Connection& connection) {
    const config::Dimension* const dimension = date_dimension(context.config.streams);
    if (dimension == nullptr) return std::nullopt;
    try {
        auto newest = watermark(ledger::read_days(connection, context.scope, dimension->name), *dimension);
        if (const auto kept = ledger::read_complete_until(connection, context.scope)) {
            const WallTime earlier{std::chrono::seconds(*kept)};
            newest = std::max(newest.value_or(earlier), earlier);
        }
        return newest;
    } catch (const std::exception& failure) {
        log::warn("could not read how far the data is complete", {{"cause", failure.what()}});
        return std::nullopt;
    }
}

std::optional<Recalled> recall(const Context& context) {
    try {
        const auto connection = connect_briefly(context);
        Recalled recalled{.run = ledger::read_past(*connection, context.scope),
                          .state = ledger::read_state(*connection, context.scope)};
        if (const auto until = read_watermark(context, *connection)) context.metrics.set_watermark(*until);
        return recalled;
    } catch (const Failure& failure) {
        log::warn("could not read the run that succeeded", {{"cause", failure.error().text()}});
        return std::nullopt;
    }
}

void add_ways(telemetry::Pushers& pushers, const config::Config& config,
              const std::optional<telemetry::MetricSettings>& otlp, telemetry::Metrics& metrics,
              const Clock& clock, const std::function<telemetry::Whose()>& whose) {
    const config::MetricLabels& labels = config.telemetry.labels;
    const auto measured = [&metrics]() -> const telemetry::Metrics& {
        if (const auto bytes = telemetry::resident_bytes()) metrics.set_memory_resident(*bytes);
        return metrics;
    };
    if (const auto& pushgateway = config.telemetry.pushgateway) {
        auto gateway = telemetry::gateway_of(*pushgateway, config.pipeline, labels);
        if (!gateway) throw Failure(gateway.error());
        auto transport = transport_for(gateway->origin, kConnectTimeout, clock);
        const auto text = [measured, whose](std::int64_t failures) {
            return measured().text(whose(), failures);
        };
        pushers.add(
            telemetry::way_to(std::move(*gateway), std::move(transport), text, pushgateway->interval, clock),
            clock);
    }
    if (otlp) {
        for (const std::string& warning : otlp->warnings)
            log::warn(warning, {});
        const telemetry::MetricOrigin origin{.resource = otlp->resource,
                                             .labels = telemetry::group_labels(config.pipeline, labels),
                                             .start = clock.wall_now()};
        const auto body = [measured, whose, origin, &clock](std::int64_t failures) {
            return measured().otlp(origin, clock.wall_now(), whose(), failures);
        };
        pushers.add(
            telemetry::way_to(*otlp, transport_for(otlp->origin, kConnectTimeout, clock), body, clock),
            clock);
    }
}

}  // namespace pagehaul::engine
