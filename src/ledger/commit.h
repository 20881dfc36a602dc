#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// The ledger's share of a commit (src/ledger/README.md, "A commit"), called by the writer in one open
// transaction of its connection, the sink's COPY and merge between begin_commit and complete.

/// BEGIN, the fence and the batch's pages, locked in id order: one round trip. Its COMMIT will not wait for
/// the disk.
/// @return for each claim whether it is still leased at our epoch; nullopt (rolled back) when this run no
/// longer holds the lock. A page without a row is ours as the one right before it is, which it must follow.
std::optional<std::vector<bool>> begin_commit(postgres::Connection& connection, const Scope& scope,
                                              const std::vector<Claim>& claims);

/// The fence alone, with BEGIN: opens the transaction and takes the pipeline's shared advisory lock, then the
/// lock row.
/// @return false (rolled back) when this run no longer holds the lock.
bool begin_fenced(postgres::Connection& connection, const Scope& scope);

/// Locks pages in id order, behind begin_fenced. @return for each claim whether it is still leased at our
/// epoch.
std::vector<bool> lock_pages(postgres::Connection& connection, const Scope& scope,
                             const std::vector<Claim>& claims);

/// Marks the pages done with their counts, inserts quarantined rows and key hashes, plans pages 2..n from
/// page 1's total, marks drift. Last before COMMIT; includes SET CONSTRAINTS ALL IMMEDIATE.
/// @return of chains that go on the leases of their next pages, ours once it is committed
std::vector<Claim> complete(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                            const std::vector<const PageResult*>& pages);

enum class Resolution { committed, again, fenced };
/// After a lost COMMIT answer, on a new connection: what became of the pages; reads them FOR UPDATE, which
/// waits for the old backend. In its own transaction.
std::vector<Resolution> resolve(postgres::Connection& connection, const Scope& scope,
                                const std::vector<Claim>& claims);

}  // namespace pagehaul::ledger
