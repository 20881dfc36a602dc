#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// How long beyond the stale time the pipeline's lock is waited for: a frozen process looks alive until its
/// heartbeat is stale, and that long, and a little, is worth waiting.
constexpr Millis lock_grace{10'000};

/// The names of the parameters that each slice of a stream has, sorted, by stream.
using ParametersByStream = std::map<std::string, std::vector<std::string>>;

struct WorkerInfo {
    std::string id;  ///< UUID
    std::string host;
    int pid = 0;
    int backend_pid = 0;  ///< of the heartbeat connection, open already
};

struct StartRequest {
    enum class Intent { run, retry, work };
    std::string schema;
    std::string pipeline;
    std::string key;  ///< a new UUID where the user gave none
    std::string fingerprint;
    std::string fingerprint_text;
    std::vector<PlannedSlice> slices;
    ParametersByStream parameters{};  ///< of the config
    /// retry: planned from the slices with failures or quarantined rows; work: nothing is planned, the run in
    /// progress is helped, whatever its key
    Intent intent = Intent::run;
    std::set<std::string>
        once{};          ///< streams whose slices need no pulling where another run has published them
    bool fresh = false;  ///< adopt nothing, carry nothing over; what is unfinished is given up
    Millis adopt_within{std::chrono::hours(12)};  ///< adopted pages may be stored that long ago
    std::vector<std::string> target;              ///< sink::target_identity
    WorkerInfo worker;
    Millis stale{30'000};
    bool pgbouncer = false;
    bool ascii_only = false;  ///< as in Scope
};

/// This process may work on `run`.
struct Started {
    enum class Kind { planned, joined, resumed, adopted };
    std::int64_t run = 0;
    Kind kind = Kind::planned;
    std::vector<std::string> warnings;  ///< what was carried over or is pulled again, one line each
    std::int64_t pages_done = 0;        ///< when not planned
};
struct AlreadySucceeded {
    std::int64_t run = 0;
    bool nothing_due = false;  ///< it had no slices, and there are none now
};
struct NothingToRetry {};
/// No run of the pipeline is in progress, or it is another config's.
struct NothingToHelp {
    std::string why;
    bool another_config = false;
};
/// A retry found nothing failed, but this run has slices that are not pulled to their end: 75.
struct Unfinished {
    std::int64_t run = 0;
};
/// Another run with fresh workers holds the pipeline's lock: 75.
struct Busy {
    std::int64_t run = 0;
    std::string key;
    std::string host;
    int pid = 0;
};
/// The key belongs to a run of another config: 78. One line each of what differs.
struct Differs {
    std::int64_t run = 0;
    std::vector<std::string> lines;
};
using StartOutcome =
    std::variant<Started, AlreadySucceeded, NothingToRetry, NothingToHelp, Unfinished, Busy, Differs>;

/// The run that holds the pipeline of `scope`, if it has fresh workers and is not the key's own: what start()
/// calls Busy. A plain read, which holds up nobody's commit, so that it may be asked again and again; only
/// start() decides.
std::optional<Busy> look_for_holder(postgres::Connection& connection, const Scope& scope,
                                    const std::string& key);

/// src/ledger/README.md, "A run starts": one transaction, pipeline_lock first.
StartOutcome start(postgres::Connection& connection, const StartRequest& request);

/// Tells the planner of the pages and slices that were just planned; outside any lock. @return why it could
/// not, or "": autovacuum will, a minute later. The server passes over tables that are not the role's without
/// an error.
std::string refresh_statistics(postgres::Connection& connection, const std::string& schema);

}  // namespace pagehaul::ledger
