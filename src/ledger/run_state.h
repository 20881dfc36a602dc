#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/rate_budget.h"
#include "ledger/stream_sums.h"
#include "ledger/types.h"
#include "ledger/workers.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// The process's monotonic time, to measure with.
using Monotonic = std::function<std::chrono::nanoseconds()>;

enum class RunStatus { running, succeeded, superseded };

/// The run as the ledger has it now: what the verdict, progress and `status` are made from.
struct RunState {
    RunStatus status = RunStatus::running;
    std::string stop_reason;            ///< "" or what a process told all others ("credential: …")
    bool stop_is_ours_to_obey = false;  ///< set after our own worker row
    std::int64_t slices_open = 0, slices_proven = 0, slices_failed = 0;
    /// Of older runs, carried over, and at their end here too without a proof: among neither of those, nor
    /// their pages among the failed ones. They decide nothing.
    std::int64_t slices_left = 0;
    std::int64_t slices_told = 0;           ///< whose total was told
    std::int64_t slices_planned = 0;        ///< whose last page is known
    std::int64_t slices_end_not_shown = 0;  ///< proven, but the end of what they hold was not shown
    std::int64_t pages_pending = 0, pages_leased = 0, pages_done = 0;
    std::int64_t pages_unavailable = 0;  ///< failed, a later start tries them again: 69
    std::int64_t pages_refused = 0;      ///< failed for good: 65
    std::int64_t pages_planned = 0;      ///< of the slices whose last page is known
    std::string first_refusal;           ///< the first of those and why: "all, page 7: …"
    std::int64_t rows_stored = 0, rows_quarantined = 0, rows_duplicate = 0, rows_fetched = 0;
    std::optional<std::int64_t> rows_told;  ///< Σ of the totals told; of pages where those are told
    std::int64_t other_workers = 0;         ///< fresh ones
    /// No fresh one has started before this process: it speaks for all. The next two are read for it alone.
    bool is_eldest = true;
    std::vector<WorkerNow> workers;  ///< at work, this one among them
    /// How long the page that could be asked for first has been waiting for somebody: since the end of its
    /// pause, or since the run was planned where it was never tried. nullopt: none is pending.
    std::optional<Millis> oldest_due;
    /// Until the earliest page that was set back may be tried; 0 when one is due, or this poll has planned
    /// some.
    std::optional<Millis> next_due;
    SharedPause pause{};      ///< told to a process of the pipeline
    std::string proof;        ///< Proven::by of the weakest of the proven slices, or ""
    std::string end_refused;  ///< once none is open, the first whose end was not shown: "all, page 11 …"
    std::vector<std::string> left;      ///< why those of slices_left are, at most 20
    std::vector<std::string> failures;  ///< why slices failed, at most 20, "slice: why"
    std::string key_overlap;            ///< why finalisation refused: keys not unique across slices; 65
    std::int64_t slices_locked = 0;     ///< due for a step of this poll, and in another process's hands
    std::vector<SliceNews> news;        ///< what this poll decided; empty when only read
    /// How long the poll has waited for answers that change nothing; steps and locks are not in it.
    std::chrono::nanoseconds asking{0};
    bool more_due = false;              ///< this poll has left slices for the next one
    bool finalised_elsewhere = false;   ///< all is proven, and another process counts the keys
    std::vector<StreamSums> streams{};  ///< at the end of a run with streams
};

/// What every process does again and again: of the slices that are due inserts proofs, starts the next pass
/// of those that drifted and have no leased page, extends windows without a total, judges quarantine limits;
/// and finalises the run when every slice is proven. Each step in its own fenced transaction. It costs the
/// same whatever the run's pages and slices. @return what is true after it.
RunState poll(
    postgres::Connection& connection, const Scope& scope, const Policies& policies,
    const Monotonic& elapsed = [] { return std::chrono::nanoseconds{0}; });

/// The same picture without changing anything.
RunState read_state(postgres::Connection& connection, const Scope& scope);

struct Beat {
    RunStatus status = RunStatus::running;
    bool lock_is_ours = true;
    std::string stop_reason;
    bool stop_is_ours_to_obey = false;
    std::int64_t others = 0;          ///< fresh ones
    std::int64_t others_refused = 0;  ///< of these, whose credential is refused
};
/// Heartbeat of the worker, with what it has done so far, and renewal of the run's lock; plain updates, no
/// fence.
Beat beat(postgres::Connection& connection, const Scope& scope, const WorkerFigures& figures = {});

/// Tells every process of the run to stop ("credential", why); the first one wins.
void tell_stop(postgres::Connection& connection, const Scope& scope, const std::string& reason);

/// Phase 4: gives back every lease of this worker, marks it stopped, stores the verdict's JSON line, and
/// frees the lock if, under it, no other fresh worker exists. Safe to repeat. `seen`: the run's state that
/// the verdict was made of; where the run has succeeded since, the verdict is not stored.
void settle(postgres::Connection& connection, const Scope& scope, const std::string& verdict_json,
            RunStatus seen = RunStatus::running);

/// Deletes the keys of terminal runs, then terminal runs older than `keep`, until `limit` runs are gone: in
/// batches and without a lock that anybody waits for. @param go_on asked before each batch; what is left the
/// next one deletes. @return how many runs are gone.
int prune(
    postgres::Connection& connection, const Scope& scope, std::chrono::days keep, int limit,
    const std::function<bool()>& go_on = [] { return true; });

}  // namespace pagehaul::ledger
