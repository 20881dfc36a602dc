#pragma once

#include <span>
#include <string_view>

namespace pagehaul::ledger {

/// One step of the ledger's schema. Never changed once released: a change is a new step.
struct SchemaStep {
    int version;
    /// The oldest version whose programs still work with a ledger that has had this step, as far as the step
    /// goes: src/ledger/README.md, "Versions", says how that is found. Its own: no older ones do.
    int serves_from;
    std::string_view sql;  ///< several statements; {s} is the schema
};

/// All steps, oldest first.
std::span<const SchemaStep> schema_steps();

}  // namespace pagehaul::ledger
