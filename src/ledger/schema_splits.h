#pragma once

#include <string_view>

namespace pagehaul::ledger {

// Slices that are pulled as their two halves (src/ledger/README.md, "A slice that is too large").
constexpr std::string_view version_14 = R"(
ALTER TABLE {s}.slice ADD COLUMN halves text, ADD COLUMN split_from text;
COMMENT ON COLUMN {s}.slice.halves IS 'the two slices that are to take its place, as JSON; beside drift';
COMMENT ON COLUMN {s}.slice.split_from IS 'the key of the planned slice that it is a part of; NULL: it was planned itself';
)";

}  // namespace pagehaul::ledger
