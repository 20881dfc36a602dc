#pragma once

#include <span>
#include <string_view>

namespace pagehaul::ledger {

/// One step of the ledger's schema. Never changed once released: a change is a new step.
struct SchemaStep {
    int version;
    std::string_view sql;  ///< several statements; {s} is the schema
};

/// All steps, oldest first.
std::span<const SchemaStep> schema_steps();

}  // namespace pagehaul::ledger
