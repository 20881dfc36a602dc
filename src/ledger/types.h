#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "record/page.h"

namespace pagehaul::ledger {

using Millis = std::chrono::milliseconds;

/// Who asks: this process, in this run. Constant from the run's start on.
struct Scope {
    std::string schema;  ///< the ledger's schema, unquoted
    std::string pipeline;
    std::string worker;  ///< UUID, new at every process start
    std::int64_t run = 0;
    Millis stale{30'000};
    bool pgbouncer = false;  ///< backends tell nothing about processes: freshness is the heartbeat alone
};

/// The facts of the source that planning and proving need; from the config, constant.
struct Policy {
    enum class Known { rows, pages, nothing };
    enum class Required { anything, pages, counts };
    std::int64_t page_size = 100;
    std::int64_t max_pages = 100'000;
    Known total = Known::rows;
    bool total_on_every_page = false;
    bool total_advisory = false;
    int passes = 3;  ///< drift.passes
    std::optional<std::int64_t> quarantine_rows;
    std::optional<double> quarantine_fraction;
    bool overlap_allowed = false;
    Required required = Required::anything;  ///< run.require_proof
};

/// A lease on one page. `no` 0 is the proof of the slice's pass.
struct Claim {
    std::int64_t page_id = 0;
    std::int64_t slice_id = 0;
    std::string slice_key;
    std::string slice_params;  ///< JSON object
    int pass = 1;
    std::int64_t no = 0;
    std::int64_t epoch = 0;
    int attempts = 0;
    int claims = 0;
    bool alone = false;  ///< it was lost with its worker twice: do nothing else meanwhile
    // For a proof:
    std::optional<std::int64_t> total;  ///< as page 1 told
    std::int64_t planned = 0;           ///< pages of the pass; without a total: the end, e - 1
    std::int64_t last_fetched = 0;      ///< rows of the last page

    bool is_proof() const { return no == 0; }
};

/// What a writer stores of one fetched page; the rows themselves go through the sink in the same transaction.
struct PageResult {
    Claim claim;
    std::int32_t fetched = 0;
    std::int32_t stored = 0;
    std::int32_t duplicates = 0;
    std::vector<std::int64_t> key_hashes;
    std::vector<record::BadRow> bad;
    std::optional<std::int64_t> total;  ///< as this page told, rows or pages by Policy::total
    std::int64_t content_hash = 0;
    std::int32_t fetch_ms = 0;               ///< from the request to the last byte of its answer
    std::optional<std::string> slice_error;  ///< the page shows that its slice cannot work (key conflict,
                                             ///< capped pages): it fails, 65
};

/// What became of a slice without anybody having asked for its proof: for the log.
struct SliceNews {
    std::string slice_key;
    int pass = 1;
    bool failed = false;  ///< or else it is pulled again, as the next pass
    std::string why;
};

/// A page that was not stored.
struct Setback {
    enum class Kind {
        again,        ///< pending after `delay`, attempts + 1 if `counts`
        unavailable,  ///< attempts exhausted, or throttled without end: failed; a later start tries again
                      ///< (69)
        refused,      ///< permanently: failed (65)
        returned,     ///< cancelled or never started: pending, nothing counted
    };
    Claim claim;
    Kind kind = Kind::again;
    bool counts = true;
    Millis delay{0};
    std::string error;
    std::string payload;  ///< refused: the response's beginning, for the quarantine
};

}  // namespace pagehaul::ledger
