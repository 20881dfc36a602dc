#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/stream_sums.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

struct SliceStatus {
    std::string key, state, error;
    int pass = 1;
    std::optional<std::int64_t> total;
    std::int64_t pages_planned = 0, pages_done = 0, pages_open = 0, pages_failed = 0;
    std::int64_t stored = 0, quarantined = 0, duplicates = 0;
    std::vector<std::int64_t> holes;  ///< page numbers not done, at most 20
};
struct RunSummary {
    std::int64_t id = 0;
    std::vector<std::string> keys;
    std::string state;                    ///< running, incomplete, succeeded, nothing due, superseded
    std::string created_at, finished_at;  ///< ISO 8601 UTC, "" if not
    std::string stop_reason, verdict_json;
    std::int64_t slices = 0, slices_proven = 0, slices_failed = 0;
    std::int64_t slices_end_not_shown = 0;  ///< of the proven ones
    std::int64_t pages_done = 0, pages_open = 0, pages_failed = 0;
    std::int64_t rows_stored = 0, rows_quarantined = 0;
    std::vector<SliceStatus> unproven;  ///< at most 20
    std::vector<StreamSums> streams;    ///< where its config has some
    int fresh_workers = 0;
};
struct QuarantineSample {
    std::int64_t run = 0;
    std::string slice;
    std::int64_t page = 0;
    std::optional<int> row;
    std::string reason, payload;
};
/// Of a run that is not the newest one: open or failed, and neither taken over nor abandoned.
struct LeftSummary {
    std::int64_t run = 0;
    std::string slice, why;
};
struct PipelineStatus {
    std::string pipeline;
    int ledger_version = 0;        ///< 0: no tables yet
    std::vector<RunSummary> runs;  ///< newest first
    std::int64_t slices_left = 0;
    std::vector<LeftSummary> left;  ///< at most 20
    std::int64_t quarantined_rows = 0;
    std::vector<QuarantineSample> samples;
};

/// What `pagehaul status` shows. Changes nothing. Empty when the ledger has no such pipeline or no tables
/// yet.
PipelineStatus read_status(postgres::Connection& connection, const std::string& schema,
                           const std::string& pipeline, int runs, std::int64_t stale_ms);

}  // namespace pagehaul::ledger
