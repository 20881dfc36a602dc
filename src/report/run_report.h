#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pagehaul::report {

// A run as the ledger has it, in plain values: what read.h fetches and render.h draws. Texts are free of
// secrets and not escaped. A list that was cut says how many there are in all.

using EpochMs = std::int64_t;  ///< UTC

template <class T>
struct Some {
    std::vector<T> items;
    std::int64_t of = 0;  ///< how many there are; items.size() of them are here
    std::int64_t left_out() const { return of - static_cast<std::int64_t>(items.size()); }
};

struct Process {
    std::string host;
    std::int64_t pid = 0;
    EpochMs started = 0;
    EpochMs last_seen = 0;  ///< it stopped, or its last heartbeat
    bool settled = false;   ///< it ended in order
    bool alive = false;
    /// What it did, as far as it has said so; absent: an older program, or it was killed before its first
    /// heartbeat.
    struct Done {
        std::int64_t pages = 0, rows = 0, requests = 0, setbacks = 0;
    };
    std::optional<Done> done = {};
    std::optional<std::int64_t> exit_code = {};
};

struct Verdict {
    std::string word, reason;
    std::optional<int> exit_code;
};

struct RunFacts {
    std::int64_t id = 0;
    std::string pipeline;
    std::vector<std::string> keys;
    enum class State { running, succeeded, superseded } state = State::running;
    bool is_retry = false;
    EpochMs created = 0;
    std::optional<EpochMs> finished;
    std::string stop_reason, key_overlap;
    std::optional<Verdict> verdict;  ///< of the process that settled last
    std::optional<std::int64_t> successor;
    std::string config_text;         ///< the fingerprint's lines, "key = value"
    std::vector<Process> processes;  ///< in the order of their start
    bool alive() const;              ///< a process is at work
    EpochMs ended() const;           ///< or last seen
};

/// What `source.pagination.total` tells.
enum class Told { rows, pages, nothing };

struct Counts {
    std::int64_t pages = 0, fetched = 0, stored = 0, quarantined = 0, duplicates = 0;
    std::int64_t accounted() const { return stored + quarantined + duplicates; }
};

struct Totals {
    std::int64_t slices = 0, proven = 0, failed = 0, open = 0;
    std::int64_t proven_by_pages = 0;
    std::int64_t proven_by_chain = 0;
    std::int64_t end_not_shown = 0;  ///< of the proven ones
    std::int64_t slices_told = 0;    ///< those whose page 1 told a total
    std::int64_t told = 0;           ///< the sum of these, in the unit of Told
    std::int64_t pages_planned = 0;
    Counts done;
    std::int64_t pages_pending = 0, pages_leased = 0, pages_unavailable = 0, pages_refused = 0;
    std::int64_t pages_again = 0;  ///< stored in a pass that another one replaced
};

struct Slice {
    std::string key, state, proof, why;
    int pass = 1;
    std::optional<std::int64_t> total, planned;
    Counts done;
    std::int64_t pages_open = 0, pages_failed = 0;
};

struct FailedPage {
    std::string slice;
    std::int64_t no = 0;  ///< 0: the proof
    bool for_good = false;
    std::int64_t setbacks = 0;
    std::string error;
};

struct HoleRange {
    std::string slice;
    std::int64_t first = 0, last = 0;
};
struct Holes {
    Some<HoleRange> ranges;
    std::int64_t pages = 0;
};

/// Bars of one width in time. A bar of a panel begins where the one before it ends; between panels nobody
/// worked for long.
struct Timeline {
    struct Bar {
        std::int64_t pages = 0;  ///< of the pass that counts
        std::int64_t again = 0;  ///< of a pass that was replaced
    };
    struct Panel {
        EpochMs start = 0;
        std::vector<Bar> bars;
    };
    std::int64_t width_ms = 1000;
    std::vector<Panel> panels;
};

struct Latency {
    struct Bucket {
        std::int64_t from_ms = 0;
        std::optional<std::int64_t> to_ms;
        std::int64_t pages = 0;
    };
    std::int64_t pages = 0;  ///< of which the time is known
    std::int64_t fastest = 0, median = 0, p90 = 0, p95 = 0, p99 = 0, slowest = 0;
    std::vector<Bucket> buckets;
};

struct SlowPage {
    std::string slice;
    std::int64_t no = 0;
    int pass = 1;
    std::int64_t ms = 0, setbacks = 0;
};
struct Tries {
    std::int64_t setbacks = 0, stored = 0, not_stored = 0;
};
struct Cause {
    std::string text;
    std::int64_t times = 0, counted = 0;
    EpochMs first = 0, last = 0;
};
struct Retries {
    std::vector<Tries> by_tries;
    Some<Cause> causes;
    std::int64_t setbacks = 0;  ///< the sum of the causes
};

struct Sample {
    std::string slice, reason, payload;
    std::int64_t page = 0;
    std::optional<std::int64_t> row;  ///< absent: the whole page
    std::int64_t payload_length = 0;  ///< in characters; `payload` may be its beginning
};
struct QuarantineReason {
    std::string reason;
    std::int64_t rows = 0, pages = 0;  ///< `pages`: whole ones
    std::vector<Sample> samples;
};
struct Quarantine {
    std::int64_t rows = 0, pages = 0;
    Some<QuarantineReason> reasons;
};

struct Stream {
    std::string name;
    std::int64_t slices = 0, proven = 0, failed = 0;
    std::int64_t pages = 0, stored = 0, quarantined = 0;
};

struct RunReport {
    EpochMs made = 0;  ///< the database's clock
    std::string version;
    std::string ledger_schema;
    RunFacts run;
    Told told = Told::rows;
    bool told_is_advisory = false;
    Totals totals;
    std::vector<Stream> streams{};  ///< where its config has some
    Some<Slice> slices;             ///< failed ones first, then open ones
    std::int64_t slices_left_out_unproven = 0;
    Holes holes;
    Some<FailedPage> failed_pages;
    Timeline timeline;
    Latency latency;
    std::vector<SlowPage> slowest;
    Retries retries;
    Quarantine quarantine;
};

}  // namespace pagehaul::report
