#include "report/reading.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

// A reason ends with the value that did not fit ("…, got a string `x`"): without it, rows of one fault are
// one reason. A payload comes longer than it is shown: what is cut afterwards is cut behind the secrets'
// removal.
constexpr std::string_view reasons_sql = R"(
WITH q AS (
    SELECT id, split_part(reason, ', got ', 1) AS kind, row_no IS NULL AS whole FROM {s}.quarantine
    WHERE run_id = {run}),
kinds AS (
    SELECT kind, count(*) FILTER (WHERE NOT whole) AS rows, count(*) FILTER (WHERE whole) AS pages,
        row_number() OVER (ORDER BY count(*) DESC, kind) AS place, count(*) OVER () AS kinds,
        (sum(count(*) FILTER (WHERE NOT whole)) OVER ())::bigint AS all_rows,
        (sum(count(*) FILTER (WHERE whole)) OVER ())::bigint AS all_pages
    FROM q GROUP BY kind),
numbered AS (
    SELECT q.id, q.kind, row_number() OVER (PARTITION BY q.kind ORDER BY q.id) AS nth
    FROM q JOIN kinds k ON k.kind = q.kind AND k.place <= {reasons})
SELECT k.kind, k.rows, k.pages, k.kinds, k.all_rows, k.all_pages, n.nth,
    s.key, x.page_no, x.row_no, x.reason, left(x.payload, 65536), length(x.payload)
FROM kinds k JOIN numbered n ON n.kind = k.kind AND n.nth <= {samples}
JOIN {s}.quarantine x ON x.id = n.id JOIN {s}.slice s ON s.id = x.slice_id
ORDER BY k.place, n.nth)";

constexpr std::size_t payload_shown = 600;

}  // namespace

void read_quarantine(const Reading& reading, RunReport& report) {
    const auto rows = reading.ask(
        reasons_sql, {{"reasons", std::to_string(max_reasons)}, {"samples", std::to_string(max_samples)}});
    Quarantine& quarantine = report.quarantine;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows.integer(i, 6) == 1) {
            quarantine.reasons.of = rows.integer(i, 3);
            quarantine.rows = rows.integer(i, 4);
            quarantine.pages = rows.integer(i, 5);
            quarantine.reasons.items.push_back({.reason = reading.clean(rows.text(i, 0)),
                                                .rows = rows.integer(i, 1),
                                                .pages = rows.integer(i, 2),
                                                .samples = {}});
        }
        Cut payload = cut(reading.clean(rows.text(i, 11)), payload_shown);
        quarantine.reasons.items.back().samples.push_back({.slice = reading.clean(rows.text(i, 7)),
                                                           .reason = reading.clean(rows.text(i, 10)),
                                                           .payload = std::move(payload.text),
                                                           .page = rows.integer(i, 8),
                                                           .row = ledger::optional_integer(rows[i][9]),
                                                           .payload_length = rows.integer(i, 12)});
    }
}

}  // namespace pagehaul::report
