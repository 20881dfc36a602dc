#include "ledger/conclude.h"
#include "ledger/finalise.h"
#include "ledger/run_state.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// Which slices may need a step: a plain read, by the partial indexes of what is not done; each step asks
// again under its locks. Bounded, so that ten thousand small slices are several short transactions.
constexpr std::string_view due_sql = R"(
SELECT s.id FROM {s}.slice s
WHERE s.run_id = {run} AND s.state = 'open' AND CASE
    WHEN s.drift IS NOT NULL THEN NOT EXISTS (
        SELECT FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'leased')
    WHEN s.planned IS NOT NULL THEN
        NOT EXISTS (SELECT FROM {s}.page p
            WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'pending' AND p.pass = s.pass)
        AND NOT EXISTS (SELECT FROM {s}.page p
            WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'leased' AND p.pass = s.pass)
        AND NOT EXISTS (SELECT FROM {s}.page p
            WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'failed' AND p.pass = s.pass)
    WHEN {windows} THEN
        EXISTS (SELECT FROM {s}.page p
            WHERE p.slice_id = s.id AND p.pass = s.pass AND p.no = 1 AND p.state = 'done')
        AND NOT EXISTS (SELECT FROM {s}.page p
            WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'failed' AND p.pass = s.pass)
        AND (SELECT count(*) FROM (SELECT FROM {s}.page p
            WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'pending' AND p.pass = s.pass
            LIMIT {low_water}) few) < {low_water}
    ELSE false END
ORDER BY s.id LIMIT 500)";

/// A slice that one answer told whole, and whose answer was not a full page: nothing is left to ask.
bool proves_itself(const Policy& policy, const SliceView& slice) {
    return policy.total != Policy::Known::nothing && slice.planned == 1 &&
           slice.sums.fetched < policy.page_size;
}

/// Every page of the pass is done and its end is known.
void judge_finished(const Policy& policy, const SliceView& slice,
                    const std::unordered_map<std::int64_t, std::int64_t>& keys, Conclusions& conclusions) {
    if (const auto over = judge_quarantine(policy, slice.total, slice.sums))
        return conclusions.failed(slice, *over);
    SliceSums sums = slice.sums;
    const bool is_proof = proves_itself(policy, slice);
    if (is_proof) {
        const auto found = keys.find(slice.id);
        sums.distinct_keys = found == keys.end() ? 0 : found->second;
    }
    // As if the source had answered what it told before: what fails even so need not be asked.
    const auto verdict = judge_proof(policy, slice.total, {.total = slice.total, .rows_beyond_end = 0}, sums);
    if (const auto* refuted = std::get_if<Refuted>(&verdict))
        conclusions.failed(slice, refuted->why);
    else if (const auto* moved = std::get_if<Moved>(&verdict))
        conclusions.moved(slice, moved->why);
    else if (is_proof)
        conclusions.proven(slice, std::get<Proven>(verdict).by, sums.distinct_keys);
    else
        conclusions.ask_for_proof(slice);
}

void judge_end(const Policy& policy, const SliceView& slice, Conclusions& conclusions) {
    const WindowStep step = judge_window(policy, slice.window);
    if (const auto* wider = std::get_if<Extend>(&step)) return conclusions.extend(slice, wider->to);
    if (const auto* moved = std::get_if<EndMoved>(&step)) return conclusions.moved(slice, moved->why);
    if (const auto* refused = std::get_if<EndRefused>(&step)) return conclusions.failed(slice, refused->why);
    if (const auto* end = std::get_if<EndFound>(&step)) {
        conclusions.end_found(slice, end->planned);
        judge_finished(policy, slice, {}, conclusions);
    }
}

std::vector<SliceNews> conclude(postgres::Connection& connection, const Scope& scope, const Policy& policy,
                                const std::vector<std::int64_t>& due) {
    const auto slices = lock_slices(connection, scope, policy, due, WhenLocked::skip);
    const auto is_finished = [](const SliceView& slice) {
        return !slice.drift && slice.planned && slice.window.unfinished == 0 && slice.window.failed == 0 &&
               !slice.has_proof_page;
    };
    std::vector<std::int64_t> self_proving;
    for (const SliceView& slice : slices)
        if (is_finished(slice) && proves_itself(policy, slice)) self_proving.push_back(slice.id);
    const auto keys = count_keys(connection, scope, self_proving);

    Conclusions conclusions(policy);
    for (const SliceView& slice : slices) {
        if (slice.drift) {
            // An older pass never writes after a newer one.
            if (slice.leased == 0) conclusions.moved(slice, *slice.drift);
        } else if (is_finished(slice)) {
            judge_finished(policy, slice, keys, conclusions);
        } else if (!slice.planned && policy.total == Policy::Known::nothing) {
            judge_end(policy, slice, conclusions);
        }
    }
    conclusions.write(connection, scope);
    return conclusions.news();
}

}  // namespace

RunState poll(postgres::Connection& connection, const Scope& scope, const Policy& policy) {
    const auto rows =
        connection.exec(fill(due_sql, scope,
                             {{"windows", policy.total == Policy::Known::nothing ? "true" : "false"},
                              {"low_water", std::to_string(window_low_water)}}));
    std::vector<SliceNews> news;
    if (!rows.empty()) {
        std::vector<std::int64_t> due;
        for (std::size_t i = 0; i < rows.size(); ++i)
            due.push_back(rows.integer(i, 0));
        in_fence(connection, scope, [&] { news = conclude(connection, scope, policy, due); });
    }
    RunState state = read_state(connection, scope);
    state.news = std::move(news);
    if (state.status != RunStatus::running || state.slices_open > 0 || state.slices_failed > 0) return state;
    if (!policy.overlap_allowed && !state.key_overlap.empty()) return state;
    if (!finalise(connection, scope, policy)) return state;
    return read_state(connection, scope);
}

}  // namespace pagehaul::ledger
