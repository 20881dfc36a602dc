#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
    bool pgbouncer = false;   ///< backends tell nothing about processes: freshness is the heartbeat alone
    bool ascii_only = false;  ///< the database's encoding is not UTF8: not every character of a text fits
};

/// The facts of the source that planning and proving need; from the config, constant.
struct Policy {
    enum class Known { rows, pages, nothing };
    enum class Required { anything, pages, counts };
    bool linked = false;           ///< each page tells of the next one: src/ledger/README.md, "Chains"
    std::int64_t page_size = 100;  ///< 0: nobody knows
    std::int64_t max_pages = 100'000;
    Known total = Known::rows;
    /// What the end is where nobody tells how much there is.
    enum class End {
        empty_pages,  ///< two in a row
        short_page,   ///< the first that is not full
        told,         ///< a page says that it is the last
    };
    End end = End::empty_pages;
    bool one_request = false;  ///< page 1 is all of a slice
    bool total_on_every_page = false;
    bool total_advisory = false;
    int passes = 3;  ///< drift.passes
    std::optional<std::int64_t> quarantine_rows;
    std::optional<double> quarantine_fraction;
    bool overlap_allowed = false;
    bool keyed = true;  ///< rows have keys that are counted; else rows alone are
    /// The target changes in the transaction that proves a slice: every slice has a claimed proof.
    bool publishes = false;
    /// What another run has published of it needs no pulling.
    bool once = false;
    Required required = Required::anything;  ///< run.require_proof
};

/// Those of a run's streams. Few: found one after the other.
class Policies {
  public:
    Policies() = default;
    /// Of a run of one stream, which has no name.
    Policies(const Policy& only) : all_{{"", only}} {}  // NOLINT(google-explicit-constructor): it is one

    void add(std::string stream, const Policy& policy) { all_.emplace_back(std::move(stream), policy); }
    /// Throws Failure (a bug) where there is none: a run has no slices of streams that it was not begun with.
    const Policy& of(std::string_view stream) const;
    /// Of a run of one stream.
    Policy& only() { return all_.front().second; }
    /// Whose run.require_proof is that of all.
    const Policy& first() const { return all_.front().second; }
    bool any_linked() const;
    bool any_publishes() const;
    const std::vector<std::pair<std::string, Policy>>& all() const { return all_; }

  private:
    std::vector<std::pair<std::string, Policy>> all_;
};

/// A lease on one page. `no` 0 is the proof of the slice's pass. A page of a chain that was fetched before
/// the one before it was committed has no row yet, and no lease of its own: `page_id` 0.
struct Claim {
    std::int64_t page_id = 0;
    std::int64_t slice_id = 0;
    std::string stream{};  ///< empty: of a file without streams
    std::string slice_key;
    std::string slice_params;  ///< JSON object
    int pass = 1;
    std::int64_t no = 0;
    std::int64_t epoch = 0;
    int attempts = 0;
    int claims = 0;
    bool alone = false;   ///< it was lost with its worker twice: do nothing else meanwhile
    std::string token{};  ///< what to ask it with, as source/linking.h writes it; empty: nothing
    // For a proof:
    std::optional<std::int64_t> total;  ///< as page 1 told
    std::int64_t planned = 0;           ///< pages of the pass; without a total: the end, e - 1
    std::int64_t last_fetched = 0;      ///< rows of the last page

    bool is_proof() const { return no == 0; }
    bool has_row() const { return page_id != 0; }
    /// Of the same chain the page behind `before`.
    bool follows(const Claim& before) const {
        return slice_id == before.slice_id && pass == before.pass && no == before.no + 1;
    }
};

struct PlannedSlice {
    std::string key;
    std::string params;        ///< JSON object
    std::string stream{};      ///< empty: of a file without streams
    bool is_child = false;     ///< a record of another stream made it
    std::string split_from{};  ///< the key of the planned slice that it is a part of; empty: of none
};

/// What a writer stores of one fetched page; the rows themselves go through the sink in the same transaction.
struct PageResult {
    Claim claim;
    std::int32_t fetched = 0;
    std::int32_t stored = 0;
    std::int32_t duplicates = 0;
    std::vector<std::int64_t> key_hashes;
    std::vector<record::BadRow> bad;
    /// As this page told, rows or pages by Policy::total; with End::told its own number, if it is the last.
    std::optional<std::int64_t> total;
    bool nothing =
        false;  ///< it says that there is nothing, or is left out, and told no total: none is missed
    std::int64_t content_hash = 0;
    std::int32_t fetch_ms = 0;               ///< from the request to the last byte of its answer
    std::optional<std::string> slice_error;  ///< the page shows that its slice cannot work (key conflict,
                                             ///< capped pages): it fails, 65
    // Of a chain:
    std::optional<std::string> next{};     ///< the next page's token; none: this page is the last one
    std::optional<std::string> moved{};    ///< the page shows that this pass leads nowhere: why
    std::vector<PlannedSlice> children{};  ///< of other streams, which its records make
};

/// What became of a slice without anybody having asked for its proof: for the log.
struct SliceNews {
    enum class Became {
        failed,
        again,  ///< it is pulled again, as the next pass
        split,  ///< its halves are pulled in its place
    };
    std::string slice_key;
    int pass = 1;
    Became became = Became::failed;
    std::string why;
};

/// A page that was not stored.
struct Setback {
    enum class Kind {
        again,        ///< pending after `delay`, attempts + 1 if `counts`
        unavailable,  ///< attempts exhausted, or throttled without end: failed; a later start tries again
                      ///< (69)
        refused,      ///< permanently: failed (65)
        returned,     ///< cancelled or never started: pending after `delay`, nothing counted
        moved,        ///< the API moved: pending, and the slice is to be pulled again
        split,        ///< the slice is too large: pending, and `halves` are to be pulled in its place
    };
    Claim claim;
    Kind kind = Kind::again;
    bool counts = true;
    Millis delay{0};
    std::string error;
    std::string payload;       ///< refused: the response's beginning, for the quarantine
    bool whole_slice = false;  ///< again: all that is pending of the slice waits for `delay`
    std::string halves{};      ///< split: see ledger/split.h
};

}  // namespace pagehaul::ledger
