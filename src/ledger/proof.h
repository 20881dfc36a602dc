#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// What the source answered when asked again at a slice's end.
struct ProofReading {
    std::optional<std::int64_t> total;  ///< page 1's total now, rows or pages by Policy::total
    std::int64_t rows_beyond_end =
        0;  ///< of page n + 1 after a full last page; of e and e + 1 without a total
    std::int64_t rows_behind_short = 0;  ///< right behind the rows of a last page that was not full
    std::string moved{};                 ///< why the last page is another than it was; or ""
    std::string
        end_refused{};  ///< why the source refused one of those, though no rule calls that the end; or ""
};

/// Sums of a slice's pass, from the ledger.
struct SliceSums {
    std::int64_t pages = 0;
    std::int64_t fetched = 0;
    std::int64_t stored = 0;
    std::int64_t quarantined = 0;
    std::int64_t duplicates = 0;
    std::int64_t distinct_keys = 0;
    bool counts_add_up = true;    ///< fetched = stored + quarantined + duplicates on each page
    bool all_pages_same = false;  ///< several pages, and the same records on each
    /// The first page that was not full although a later one has rows.
    std::optional<std::int64_t> short_page;
};

struct Proven {
    std::string by;
};  ///< "counts" or "pages", with ", end not shown" where that is so, or "chain": never claim more than was
    ///< shown
struct Moved {
    std::string why;
};  ///< the API moved while we read: another pass, while passes are left
struct Refuted {
    std::string why;
};  ///< more passes cannot help: 65
using ProofVerdict = std::variant<Proven, Moved, Refuted>;

/// Pure: src/ledger/README.md, "Proof of a slice".
ProofVerdict judge_proof(const Policy& policy, std::optional<std::int64_t> total_before,
                         const ProofReading& reading, const SliceSums& sums);

/// Pure: whether run.require_proof is content with a slice's proof.
bool suffices(const std::string& proof, Policy::Required required);
/// Why a slice is not, in words.
std::string insufficient_text(const std::string& proof, Policy::Required required);

/// Pure: why a slice with these sums is over run.quarantine_limit, or nullopt. A share is one of the rows
/// told, else of the rows fetched.
std::optional<std::string> judge_quarantine(const Policy& policy, std::optional<std::int64_t> total,
                                            const SliceSums& sums);

/// Slices that an earlier process proved when less was asked for: they fail.
void fail_insufficient(postgres::Connection& connection, const Scope& scope, Policy::Required required);

/// A claimed proof page, and what the source answered.
struct AskedProof {
    Claim claim;
    ProofReading reading;
};

/// Whether an answer that told the slice whole, and was not a full page, proves it: nothing is left to ask.
/// `fetched`: rows of its one page.
bool proves_itself(const Policy& policy, std::optional<std::int64_t> planned, std::int64_t fetched);

/// What is done to the target when a slice is shown to be whole, in the transaction that proves it. @return
/// why it is not proven all the same; nullopt lets it be.
using Publish = std::function<std::optional<ProofVerdict>(
    postgres::Connection& connection, const Claim& proof, const SliceSums& sums, const Proven& shown)>;

/// Judges claimed proof pages and records them in one fenced transaction: each slice proven, its next pass
/// planned, or failed when passes are used up. @return for each nullopt when its lease or the lock was lost.
std::vector<std::optional<ProofVerdict>> prove(postgres::Connection& connection, const Scope& scope,
                                               const Policies& policies,
                                               const std::vector<AskedProof>& proofs,
                                               const Publish& publish = nullptr);

}  // namespace pagehaul::ledger
