#pragma once

#include <compare>
#include <optional>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

enum class Due {
    now,       ///< pages whose back-off is over
    whenever,  ///< any pending page: to carry a probe of a source that is down
};

/// A page's place in the order of claiming.
struct Place {
    std::int64_t slice_id = 0;
    std::int64_t no = -1;
    friend auto operator<=>(const Place&, const Place&) = default;  // NOLINT(modernize-use-nullptr)
};

/// Leases up to `limit` pending pages by slice and page, those behind `after` first: the index still holds
/// what was claimed before, until a vacuum, and who begins at the front steps over all of it. A page with
/// claims >= 2 comes alone, and only when `nothing_held` (this process holds no other lease). Empty also when
/// the run is over or the lock is lost.
std::vector<Claim> claim(postgres::Connection& connection, const Scope& scope, int limit, bool nothing_held,
                         Due due = Due::now, const Place& after = {});

/// The same of one stream of several, without pages that are to come alone. It costs the same whatever the
/// others have.
std::vector<Claim> claim_of_stream(postgres::Connection& connection, const Scope& scope,
                                   const std::string& stream, int limit, const Place& after = {});

/// Leases those of these pages that are pending, due, and not to come alone: whatever else is true of them,
/// the hints are stale.
std::vector<Claim> claim_hinted(postgres::Connection& connection, const Scope& scope,
                                const std::vector<Place>& hints);

/// Pages that could be claimed now, the first `limit` in the order of claiming; nothing where another process
/// of the run, its eldest that is fresh, is to tell the others of them.
std::optional<std::vector<Place>> due_pages(postgres::Connection& connection, const Scope& scope, int limit);

/// Records what did not work, in one transaction; leases lost meanwhile are left alone. Failed pages are
/// quarantined whole. @return how many were still ours; nullopt when fenced.
std::optional<int> record(postgres::Connection& connection, const Scope& scope,
                          const std::vector<Setback>& setbacks);

/// Gives back every lease of this worker but those on `known` pages: what a claim leased whose answer was
/// lost. Only from the thread that claims. @return how many.
int give_back_unknown(postgres::Connection& connection, const Scope& scope,
                      const std::vector<std::int64_t>& known);

/// Of these pages those that this worker has leased longer ago than `age` become as if leased now: their
/// holder has them still, in its queue behind a slow rate, or waiting for the end of a pause.
void renew_leases(postgres::Connection& connection, const Scope& scope,
                  const std::vector<std::int64_t>& page_ids, Millis age);

struct Reaped {
    int pages = 0;
    int backends = 0;
};
/// Makes the leases of workers no longer fresh, and leases older than `max_lease`, pending again; first
/// terminates the backends of such workers. `may_judge_time`: this worker's own heartbeats came uninterrupted
/// for the stale time; else only workers that stopped or whose backend is gone are judged. Never on itself.
Reaped reap(postgres::Connection& connection, const Scope& scope, Millis max_lease, bool may_judge_time);

}  // namespace pagehaul::ledger
