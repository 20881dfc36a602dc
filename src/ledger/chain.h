#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// What a commit makes of the pages of chains in its batch, each behind the one before it
/// (src/ledger/README.md, "Chains"). One owner, one transaction; the pages outlive it.
class ChainedPages {
  public:
    /// Leaves out what lies behind a token that its pass has seen before. Asks only where there is a chain.
    ChainedPages(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                 std::vector<const PageResult*> pages);

    /// What is to be stored of the batch.
    const std::vector<const PageResult*>& kept() const { return kept_; }
    /// Statements, each ended by ';': slices that moved, went too far or are at their end, and the pages that
    /// have no row yet, inserted done.
    std::string statements() const;
    /// Behind them: inserts the new heads, each leased by us, of slices that are to go on. @return those
    /// leases
    std::vector<Claim> lease_heads(postgres::Connection& connection) const;

  private:
    /// Why the slice does not go on behind this page, though there is a next one.
    std::string moved(const PageResult& page) const;
    bool goes_on(const PageResult& page) const;
    void leave_out_repeated(postgres::Connection& connection);
    bool is_chained(const PageResult& page) const { return policies_.of(page.claim.stream).linked; }

    const Scope& scope_;
    const Policies& policies_;
    std::vector<const PageResult*> kept_;
    std::map<const PageResult*, std::string> repeats_;  ///< pages that tell a token again: of which page
};

}  // namespace pagehaul::ledger
