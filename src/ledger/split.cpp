#include "ledger/split.h"

#include <nlohmann/json.hpp>

#include "core/join.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// The pass is left as by the next one: so its pages, rows and keys are none of the run's any more. A half of
// a half is a part of the same planned slice.
constexpr std::string_view split_sql = R"(
WITH v (slice_id, pass) AS (VALUES {rows}),
split AS (
    UPDATE {s}.slice s SET state = 'split', pass = s.pass + 1, total = NULL, planned = NULL, drift = NULL,
        moved = s.drift
    FROM v WHERE s.id = v.slice_id AND s.pass = v.pass AND s.state = 'open'
    RETURNING s.id, s.run_id, s.stream, s.pass, s.halves, coalesce(s.split_from, s.key) AS split_from, s.carried_from),
dropped AS (
    DELETE FROM {s}.page p USING split o
    WHERE p.slice_id = o.id AND p.pass < o.pass AND p.state IN ('pending', 'failed')),
released AS (
    DELETE FROM {s}.quarantine q USING split o WHERE q.slice_id = o.id AND q.pass < o.pass),
halves AS (
    INSERT INTO {s}.slice (run_id, stream, key, params, split_from, carried_from)
    SELECT o.run_id, o.stream, h.half ->> 'key', h.half ->> 'params', o.split_from, o.carried_from
    FROM split o, json_array_elements(o.halves::json) WITH ORDINALITY h (half, place)
    ORDER BY o.id, h.place RETURNING id)
INSERT INTO {s}.page (run_id, slice_id, pass, no) SELECT {run}, h.id, 1, 1 FROM halves h ORDER BY h.id;)";

}  // namespace

std::string write_halves(const std::array<PlannedSlice, 2>& halves) {
    auto json = nlohmann::ordered_json::array();
    for (const PlannedSlice& half : halves)
        json.push_back({{"key", half.key}, {"params", half.params}});
    return json.dump();
}

std::string split_statements(const Scope& scope, const std::vector<std::string>& rows) {
    return fill(split_sql, scope, {{"rows", join(rows, ",")}});
}

}  // namespace pagehaul::ledger
