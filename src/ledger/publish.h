#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/start.h"
#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// Rows that wait for their slice's proof, and slices whose rows are in the table for good:
// src/ledger/README.md, "Modes".

/// The staging table of a run and a target, in the ledger's schema: its name, quoted. `target` tells one
/// target from another.
std::string staging_table(const Scope& scope, std::string_view target);

/// Drops the staging tables of runs that are over, as far as they are this role's: nobody writes to them.
void drop_staging(postgres::Connection& connection, const Scope& scope);

/// How many rows the slices' passes have stored.
std::vector<std::int64_t> stored_rows(postgres::Connection& connection, const Scope& scope,
                                      const std::vector<Claim>& proofs);

/// For what follows in a publication, the target's own: its triggers find what they find at any other time.
/// On a connection without a search_path of ours.
void act_as_role(postgres::Connection& connection);
/// For the ledger's statements again.
void act_as_ledger(postgres::Connection& connection);

enum class Published {
    now,        ///< nobody had: it is noted, in this transaction
    before,     ///< its rows are in the table
    otherwise,  ///< they are those of other parameters: what has come since is not
};
/// Notes that a slice's rows are published.
Published note_published(postgres::Connection& connection, const Scope& scope, const Claim& proof,
                         std::int64_t rows);

/// Of `slices` those that no run but `but_for` has published as they are; of streams other than `once` all.
/// Throws a config error if one of those left asks for a part of what was published under another key.
std::vector<PlannedSlice> unpublished(postgres::Connection& connection, const Scope& scope,
                                      const std::vector<PlannedSlice>& slices,
                                      const std::set<std::string>& once, std::int64_t but_for = 0);

}  // namespace pagehaul::ledger
