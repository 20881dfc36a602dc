#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "ledger/proof.h"
#include "ledger/types.h"
#include "record/columns.h"
#include "sink/vanished.h"

namespace pagehaul::engine {

/// Why so many of a slice's rows may not vanish; nothing: they may. Pure.
std::optional<std::string> refuse_vanishing(const config::QuarantineLimit& limit, std::int64_t vanished,
                                            std::int64_t rows);
/// Why nothing may be concluded from a slice's keys about rows that it has not; "": something may. Pure.
std::string keys_unknown(const ledger::SliceSums& sums, const ledger::Proven& shown);

/// Finds the target's rows of a proven slice that the source has no more, by the key hashes that the ledger
/// has of the slice, and removes them: sink.vanished. Used by one thread.
class Vanishing {
  public:
    explicit Vanishing(const config::Sink& sink) : sink_(sink), rows_(sink), key_(sink) {}

    /// In the transaction that proves the slice, under the ledger's own settings.
    /// @return why the slice is not proven; nullopt: it may be
    std::optional<ledger::ProofVerdict> settle(postgres::Connection& connection, const ledger::Scope& scope,
                                               const ledger::Claim& proof, const ledger::SliceSums& sums,
                                               const std::vector<record::SliceField>& slice);
    /// Rows that the last call removed.
    std::int64_t removed() const { return removed_; }

  private:
    /// What the slices' keys say of the target's rows, a part of the keys at a time.
    struct Found {
        std::int64_t rows = 0;
        std::vector<sink::RowPlace> vanished;
    };
    Found find(postgres::Connection& connection, const ledger::Scope& scope, const ledger::Claim& proof,
               std::int64_t keys, const std::vector<record::SliceField>& slice);

    const config::Sink& sink_;
    sink::VanishedRows rows_;
    record::KeyText key_;
    std::int64_t removed_ = 0;
};

}  // namespace pagehaul::engine
