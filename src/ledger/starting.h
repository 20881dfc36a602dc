#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/start.h"

namespace pagehaul::ledger {

// The steps of `start`, inside its transaction. For the folder's own files.

/// What differs between two canonical texts of "key.path = value" lines, one line each.
std::vector<std::string> fingerprint_difference(const std::string& before, const std::string& now);

/// The pipeline's newest run, if it is unfinished, without fresh workers, and its fingerprint and slices are
/// the request's.
std::optional<std::int64_t> find_adoptable(postgres::Connection& connection, const Scope& scope,
                                           const StartRequest& request);
/// Gives the run the request's key, reopens its failed slices, begins a new pass of those with a page stored
/// longer ago than `adopt_within`, and lets its failed pages try afresh. @return warnings.
std::vector<std::string> adopt(postgres::Connection& connection, const Scope& scope,
                               const StartRequest& request);

/// Remembers the request's target with the run. Where it is not the one that the run's pages were stored in,
/// rows may be gone that the ledger says are there: every slice begins a new pass. @return warnings.
std::vector<std::string> notice_target(postgres::Connection& connection, const Scope& scope,
                                       const StartRequest& request);

/// The slices that the newest run which holds them left with failures or quarantined rows.
std::vector<PlannedSlice> slices_to_retry(postgres::Connection& connection, const Scope& scope);

/// The newest run with slices that are not pulled to their end, and that no newer run has.
std::optional<std::int64_t> find_unfinished(postgres::Connection& connection, const Scope& scope);

struct Inserted {
    std::int64_t run = 0;
    std::vector<std::string> warnings;
};
/// A new run with `slices`, and with what older runs left that has the config's dimensions; every unfinished
/// one is superseded. `fresh` carries nothing: what is left is abandoned. Slices, their page-1 rows and
/// planned_at: no process sees half a plan.
Inserted insert_run(postgres::Connection& connection, const Scope& scope, const StartRequest& request,
                    const std::vector<PlannedSlice>& slices);

/// What waits for its next try is due at once.
void make_due(postgres::Connection& connection, const Scope& scope);

/// The budget of the pipeline's rate begins anew: nobody is there who was handed slots of it, or whose pause
/// it is, and the rate may be another one now.
void begin_rate_anew(postgres::Connection& connection, const Scope& scope);

/// Pages that failed as unavailable become pending again, attempts 0.
void reopen_unavailable(postgres::Connection& connection, const Scope& scope);

/// True while a worker of `scope.run`, other than the scope's, is fresh.
bool has_fresh_workers(postgres::Connection& connection, const Scope& scope);

}  // namespace pagehaul::ledger
