#pragma once

#include "report/run_report.h"

namespace pagehaul::report::testing {

/// A run of one slice of 250 rows that ended well.
inline RunReport good_run() {
    RunReport report;
    report.made = 1'780'000'100'000;
    report.version = "1.2.3";
    report.ledger_schema = "pagehaul";
    report.run = {.id = 7,
                  .pipeline = "orders",
                  .keys = {"job-1"},
                  .state = RunFacts::State::succeeded,
                  .is_retry = false,
                  .created = 1'780'000'000'000,
                  .finished = 1'780'000'010'000,
                  .stop_reason = "",
                  .key_overlap = "",
                  .verdict = Verdict{.word = "succeeded", .reason = "", .exit_code = 0},
                  .successor = {},
                  .config_text = "sink.key.0 = \"id\"\nsink.table = \"shop.orders\"\n",
                  .processes = {{.host = "node-1",
                                 .pid = 1,
                                 .started = 1'780'000'000'000,
                                 .last_seen = 1'780'000'010'000,
                                 .settled = true,
                                 .alive = false}}};
    report.totals = {.slices = 1,
                     .proven = 1,
                     .slices_told = 1,
                     .told = 250,
                     .pages_planned = 3,
                     .done = {.pages = 3, .fetched = 250, .stored = 250}};
    report.slices = {.items = {{.key = "all",
                                .state = "proven",
                                .proof = "counts",
                                .why = "",
                                .pass = 1,
                                .total = 250,
                                .planned = 3,
                                .done = {.pages = 3, .fetched = 250, .stored = 250}}},
                     .of = 1};
    report.timeline = {.width_ms = 1'000, .panels = {{.start = 1'780'000'000'000, .bars = {{1, 0}, {2, 0}}}}};
    report.latency = {
        .pages = 3,
        .fastest = 10,
        .median = 12,
        .p90 = 20,
        .p95 = 20,
        .p99 = 20,
        .slowest = 21,
        .buckets = {{.from_ms = 10, .to_ms = 15, .pages = 2}, {.from_ms = 15, .to_ms = {}, .pages = 1}}};
    report.slowest = {{.slice = "all", .no = 3, .pass = 1, .ms = 21, .setbacks = 0}};
    report.retries.by_tries = {{.setbacks = 0, .stored = 3, .not_stored = 0}};
    return report;
}

/// It ended with this exit code, its last process having said so.
inline RunReport ended_with(int code, const std::string& reason = "") {
    RunReport report = good_run();
    report.run.state = RunFacts::State::running;
    report.run.finished.reset();
    report.run.verdict = Verdict{.word = "failed", .reason = reason, .exit_code = code};
    return report;
}

}  // namespace pagehaul::report::testing
