#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shared/context.h"
#include "engine/write/targets.h"
#include "engine/write/vanishing.h"
#include "ledger/proof.h"
#include "source/requests.h"

namespace pagehaul::engine {

/// What becomes of the table when a slice is shown to be whole: src/ledger/README.md, "Modes". Used by one
/// thread.
class Publication {
  public:
    /// Of the streams whose policy publishes. What it is given outlives it.
    Publication(const Context& context, const Targets& targets);

    /// ledger::Publish. Long statements are in it: without a limit of their own.
    std::optional<ledger::ProofVerdict> publish(postgres::Connection& connection, const ledger::Claim& proof,
                                                const ledger::SliceSums& sums, const ledger::Proven& shown);
    /// Rows that the last transaction has inserted and deleted.
    std::int64_t changed() const { return changed_; }
    void begin() { changed_ = 0; }

  private:
    struct Of {
        Of(const config::Stream& stream, const sink::Staging* its_staging);

        const config::Sink& sink;
        const sink::Staging* staging;  ///< null: rows are in the target already
        std::optional<Vanishing> vanishing;
        source::Requests requests;
    };
    std::optional<ledger::ProofVerdict> append(postgres::Connection& connection, const Of& of,
                                               const ledger::Claim& proof, std::int64_t rows);
    std::optional<ledger::ProofVerdict> replace(postgres::Connection& connection, const Of& of,
                                                const ledger::Claim& proof, std::int64_t rows);
    std::optional<ledger::ProofVerdict> insert(postgres::Connection& connection, const Of& of,
                                               const ledger::Claim& proof, std::int64_t rows);
    std::optional<ledger::ProofVerdict> change(postgres::Connection& connection, Of& of,
                                               const ledger::Claim& proof, const ledger::SliceSums& sums,
                                               const ledger::Proven& shown);
    std::vector<record::SliceField> fields_of(const Of& of, const ledger::Claim& proof) const;

    const Context& context_;
    std::map<std::string, std::unique_ptr<Of>> streams_;
    std::int64_t changed_ = 0;
};

}  // namespace pagehaul::engine
