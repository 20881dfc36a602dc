#include "ledger/slice_view.h"

#include <algorithm>

#include "core/join.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view lock_slices_sql = R"(
SELECT id, key, state, pass, first_pass, total, planned, drift,
    CASE WHEN full_pass = pass THEN full_to ELSE 0 END, stream, halves IS NOT NULL
FROM {s}.slice WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE {skip})";

// ORDER BY where one row would do: the planner shall take the index that has it in front.
constexpr std::string_view look_sql = R"(
SELECT s.id,
    (SELECT count(*) FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'leased'),
    EXISTS (SELECT FROM {s}.page p WHERE p.slice_id = s.id AND p.pass = s.pass AND p.no = 0),
    (SELECT count(*) FROM (SELECT FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id
        AND p.state = 'pending' ORDER BY p.no LIMIT {low_water}) few),
    (SELECT min(p.no) FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'failed'),
    (SELECT p.no FROM {s}.page p WHERE p.slice_id = s.id AND p.pass = s.pass ORDER BY p.no DESC LIMIT 1)
FROM {s}.slice s WHERE s.id = ANY ({ids}))";

constexpr std::string_view windows_sql = R"(
SELECT v.id, min(p.no) FILTER (WHERE p.fetched = 0), max(p.no) FILTER (WHERE p.fetched > 0),
    min(p.no) FILTER (WHERE p.fetched > 0 AND p.fetched < v.size),
    min(p.no) FILTER (WHERE p.fetched IS NULL OR p.fetched < v.size OR p.total = p.no), max(p.no),
    min(p.no) FILTER (WHERE p.total = p.no)
FROM (VALUES {rows}) v (id, pass, full_to, size)
JOIN {s}.page p ON p.slice_id = v.id AND p.pass = v.pass AND p.no > v.full_to
GROUP BY v.id)";
constexpr std::string_view full_sql = R"(
UPDATE {s}.slice s SET full_pass = v.pass, full_to = v.full_to FROM (VALUES {rows}) v (id, pass, full_to)
WHERE s.id = v.id)";
/// A window is noted as read in steps: each is an update of the slice.
constexpr std::int64_t note_step = 64;

constexpr std::string_view sums_sql = R"(
SELECT s.id, count(p.fetched), coalesce(sum(p.fetched), 0), coalesce(sum(p.stored), 0),
    coalesce(sum(p.quarantined), 0), coalesce(sum(p.duplicates), 0),
    coalesce(bool_and(p.fetched = p.stored + p.quarantined + p.duplicates), true),
    count(p.fetched) > 1 AND min(p.content_hash) = max(p.content_hash) AND min(p.fetched) > 0,
    min(p.no) FILTER (WHERE p.fetched < v.size), max(p.no) FILTER (WHERE p.fetched > 0)
FROM (VALUES {rows}) v (id, size) JOIN {s}.slice s ON s.id = v.id
JOIN {s}.page p ON p.slice_id = s.id AND p.pass = s.pass GROUP BY s.id)";

std::vector<std::string> place_of(const SliceView& slice, std::int64_t full_to) {
    return {std::to_string(slice.id) + "::bigint", std::to_string(slice.pass),
            std::to_string(full_to) + "::bigint"};
}

std::string size_of(const SliceView& slice, const Policies& policies) {
    return std::to_string(policies.of(slice.stream).page_size);
}

SliceView& slice_of(Slices& slices, std::int64_t id) {
    return *std::find_if(slices.begin(), slices.end(),
                         [&](const SliceView& slice) { return slice.id == id; });
}

}  // namespace

std::vector<std::int64_t> ids_of(const Slices& slices) {
    std::vector<std::int64_t> ids;
    for (const SliceView& slice : slices)
        ids.push_back(slice.id);
    return ids;
}

Slices lock_slices(postgres::Connection& connection, const Scope& scope, const std::vector<std::int64_t>& ids,
                   WhenLocked when_locked) {
    Slices slices;
    const auto rows = connection.exec(
        fill(lock_slices_sql, scope,
             {{"ids", bigint_array(ids)}, {"skip", when_locked == WhenLocked::skip ? "SKIP LOCKED" : ""}}));
    for (std::size_t i = 0; i < rows.size(); ++i)
        slices.push_back({.id = rows.integer(i, 0),
                          .stream = rows.text(i, 9),
                          .key = rows.text(i, 1),
                          .state = rows.text(i, 2),
                          .pass = static_cast<int>(rows.integer(i, 3)),
                          .first_pass = static_cast<int>(rows.integer(i, 4)),
                          .total = optional_integer(rows[i][5]),
                          .planned = optional_integer(rows[i][6]),
                          .drift = rows[i][7],
                          .is_to_split = rows.boolean(i, 10),
                          .full_to = optional_integer(rows[i][8]).value_or(0),
                          .sums = {},
                          .window = {}});
    return slices;
}

void look_at_pages(postgres::Connection& connection, const Scope& scope, Slices& slices) {
    if (slices.empty()) return;
    const auto rows = connection.exec(
        fill(look_sql, scope,
             {{"ids", bigint_array(ids_of(slices))}, {"low_water", std::to_string(window_low_water)}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        SliceView& slice = slice_of(slices, rows.integer(i, 0));
        slice.leased = rows.integer(i, 1);
        slice.has_proof_page = rows.boolean(i, 2);
        slice.window.unfinished = rows.integer(i, 1) + rows.integer(i, 3);
        slice.window.first_failed = optional_integer(rows[i][4]);
        slice.window.failed = slice.window.first_failed ? 1 : 0;
        slice.window.highest = optional_integer(rows[i][5]).value_or(1);
    }
}

void read_windows(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                  Slices& slices) {
    if (slices.empty()) return;
    std::vector<std::string> places;
    for (SliceView& slice : slices) {
        std::vector<std::string> place = place_of(slice, slice.full_to);
        place.push_back(size_of(slice, policies));
        places.push_back(row(place));
        if (slice.full_to > 0) slice.window.last_with_rows = slice.full_to;
    }
    const auto rows = connection.exec(fill(windows_sql, scope, {{"rows", join(places, ",")}}));
    std::vector<std::string> full;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        SliceView& slice = slice_of(slices, rows.integer(i, 0));
        slice.window.first_empty = optional_integer(rows[i][1]);
        if (const auto last = optional_integer(rows[i][2])) slice.window.last_with_rows = last;
        slice.window.first_short = optional_integer(rows[i][3]);
        slice.window.last_told = optional_integer(rows[i][6]);
        const std::int64_t full_to = optional_integer(rows[i][4]).value_or(rows.integer(i, 5) + 1) - 1;
        if (full_to - slice.full_to >= note_step) full.push_back(row(place_of(slice, full_to)));
    }
    if (!full.empty()) connection.exec(fill(full_sql, scope, {{"rows", join(full, ",")}}));
}

void sum_pages(postgres::Connection& connection, const Scope& scope, const Policies& policies,
               Slices& slices) {
    if (slices.empty()) return;
    const auto rows = connection.exec(fill(
        sums_sql, scope, {{"rows", join(slices, ",", [&](const SliceView& slice) {
                               return row({std::to_string(slice.id) + "::bigint", size_of(slice, policies)});
                           })}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        SliceView& slice = slice_of(slices, rows.integer(i, 0));
        slice.sums = {.pages = rows.integer(i, 1),
                      .fetched = rows.integer(i, 2),
                      .stored = rows.integer(i, 3),
                      .quarantined = rows.integer(i, 4),
                      .duplicates = rows.integer(i, 5),
                      .distinct_keys = rows.integer(i, 2) - rows.integer(i, 5),
                      .counts_add_up = rows.boolean(i, 6),
                      .all_pages_same = rows[i][7] == "t",
                      .short_page = {}};
        const auto first_short = optional_integer(rows[i][8]);
        const auto last_with_rows = optional_integer(rows[i][9]);
        if (first_short && last_with_rows && *first_short < *last_with_rows)
            slice.sums.short_page = first_short;
    }
}

}  // namespace pagehaul::ledger
