#pragma once

#include <string_view>

namespace pagehaul::ledger {

// A slice's key names it in its run; that of a stream's begins with the stream's name. No other index has the
// order of `id + 0`: by the primary key, which the planner takes for better as long as it knows of no slice
// that is proven, a claim would step over all of them.
constexpr std::string_view version_13 = R"(
ALTER TABLE {s}.slice ADD COLUMN stream text NOT NULL DEFAULT '', ADD COLUMN is_child boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN {s}.slice.stream IS 'the stream that it is of; empty: the config has no streams';
DROP INDEX {s}.slice_open;
CREATE INDEX slice_open ON {s}.slice (run_id, stream, (id + 0)) WHERE state = 'open';
COMMENT ON COLUMN {s}.slice.is_child IS 'a record of another stream made it; false: the run planned it';
)";

}  // namespace pagehaul::ledger
