#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/shared/context.h"
#include "engine/shared/outbox.h"
#include "ledger/proof.h"

namespace pagehaul::engine {

/// What became of a slice: to the log and the trace.
void tell_of(telemetry::Tracer* tracer, const std::string& slice, int pass, ledger::SliceNews::Became became,
             const std::string& why);

/// What became of slices whose proofs were judged, to the log and the trace. One a thread.
class ProofNews {
  public:
    /// `verdicts`: for each of `proofs` what ledger::prove made of it.
    void tell(const Context& context, const std::vector<ProofDone>& proofs,
              const std::vector<std::optional<ledger::ProofVerdict>>& verdicts);

  private:
    void tell_end_not_shown(const ProofDone& done);
    bool end_not_shown_told_ = false;  ///< the other slices of a source are like the first
};

}  // namespace pagehaul::engine
