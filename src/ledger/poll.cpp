#include <algorithm>
#include <iterator>

#include "ledger/conclude.h"
#include "ledger/finalise.h"
#include "ledger/keys.h"
#include "ledger/run_state.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A few hundred slices a transaction: they are steps of the pipeline, and others of it wait for none of them
// long.
constexpr int slices_at_once = 200;

constexpr std::string_view due_sql = R"(
SELECT DISTINCT slice_id FROM {s}.slice_due WHERE run_id = {run} ORDER BY slice_id LIMIT {limit})";
constexpr std::string_view forget_sql =
    "DELETE FROM {s}.slice_due WHERE run_id = {run} AND slice_id = ANY ({ids});";
constexpr std::string_view remember_sql =
    "INSERT INTO {s}.slice_due (run_id, slice_id) SELECT {run}, unnest({ids});";
// Given back after their slice had failed: nobody will claim them.
constexpr std::string_view drop_sql =
    "DELETE FROM {s}.page WHERE run_id = {run} AND slice_id = ANY ({ids}) AND state = 'pending'";

struct Steps {
    std::vector<SliceNews> news;
    bool planned = false;     ///< pages that may be claimed at once
    bool more = false;        ///< slices are due that it did not look at
    std::int64_t locked = 0;  ///< slices are due that another process has in its hands
};

bool is_all_proven(const RunState& state) {
    return state.status == RunStatus::running && state.slices_open == 0 && state.slices_failed == 0;
}

bool all_overlap_allowed(const Policies& policies) {
    return std::all_of(policies.all().begin(), policies.all().end(),
                       [](const auto& one) { return one.second.overlap_allowed; });
}

/// Without a claim of the proof.
bool proves_itself(const Policy& policy, const SliceView& slice) {
    return !policy.publishes && proves_itself(policy, slice.planned, slice.sums.fetched);
}

/// Every page of the pass is done and its end is known.
void judge_finished(const Policy& policy, const SliceView& slice,
                    const std::unordered_map<std::int64_t, std::int64_t>& keys, Conclusions& conclusions) {
    if (const auto over = judge_quarantine(policy, slice.total, slice.sums))
        return conclusions.failed(slice, *over);
    SliceSums sums = slice.sums;
    const bool is_proof = proves_itself(policy, slice);
    if (is_proof && policy.keyed) {
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

/// @return whether the end is found: the slice is finished.
bool judge_end(const Policy& policy, const SliceView& slice, Conclusions& conclusions) {
    const WindowStep step = judge_window(policy, slice.window);
    if (const auto* wider = std::get_if<Extend>(&step)) conclusions.extend(slice, wider->to);
    if (const auto* moved = std::get_if<EndMoved>(&step)) conclusions.moved(slice, moved->why);
    if (const auto* refused = std::get_if<EndRefused>(&step)) conclusions.failed(slice, refused->why);
    const auto* end = std::get_if<EndFound>(&step);
    if (end != nullptr) conclusions.end_found(slice, end->planned);
    return end != nullptr;
}

bool is_finished(const SliceView& slice) {
    return slice.planned && slice.window.unfinished == 0 && slice.window.failed == 0 && !slice.has_proof_page;
}

/// Those of `slices` for which `is` holds; they leave `slices`.
template <class Is>
Slices split_off(Slices& slices, const Is& is) {
    const auto first = std::stable_partition(slices.begin(), slices.end(),
                                             [&](const SliceView& slice) { return !is(slice); });
    Slices some(std::make_move_iterator(first), std::make_move_iterator(slices.end()));
    slices.erase(first, slices.end());
    return some;
}

struct DueSlices {
    Slices slices;
    std::int64_t locked = 0;  ///< that another process has in its hands
};

/// Locks the due slices and takes their words: what they said is in every later snapshot.
DueSlices take_due(postgres::Connection& connection, const Scope& scope,
                   const std::vector<std::int64_t>& due) {
    Slices slices = lock_slices(connection, scope, due, WhenLocked::skip);
    const std::int64_t locked = std::ssize(due) - std::ssize(slices);
    if (slices.empty()) return {.slices = {}, .locked = locked};
    connection.exec(fill(forget_sql, scope, {{"ids", bigint_array(ids_of(slices))}}));
    const Slices failed = split_off(slices, [](const SliceView& slice) { return slice.state == "failed"; });
    if (!failed.empty()) connection.exec(fill(drop_sql, scope, {{"ids", bigint_array(ids_of(failed))}}));
    split_off(slices, [](const SliceView& slice) { return slice.state != "open"; });
    return {.slices = std::move(slices), .locked = locked};
}

Conclusions conclude(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                     Slices slices) {
    look_at_pages(connection, scope, slices);
    Conclusions conclusions(scope, policies);
    const auto policy_of = [&](const SliceView& slice) -> const Policy& { return policies.of(slice.stream); };

    std::vector<std::int64_t> not_yet;
    for (const SliceView& slice :
         split_off(slices, [](const SliceView& slice) { return slice.drift.has_value(); }))
        // An older pass never writes after a newer one, nor a slice after its halves.
        if (slice.leased > 0)
            not_yet.push_back(slice.id);
        else if (slice.is_to_split)
            conclusions.split(slice, *slice.drift);
        else
            conclusions.moved(slice, *slice.drift);
    if (!not_yet.empty()) connection.exec(fill(remember_sql, scope, {{"ids", bigint_array(not_yet)}}));

    Slices windows = split_off(slices, [&](const SliceView& slice) {
        const Policy& policy = policy_of(slice);
        return policy.total == Policy::Known::nothing && !policy.linked && !slice.planned;
    });
    read_windows(connection, scope, policies, windows);
    Slices ended;
    for (const SliceView& slice : windows)
        if (judge_end(policy_of(slice), slice, conclusions)) ended.push_back(slice);
    sum_pages(connection, scope, policies, ended);
    for (const SliceView& slice : ended)
        judge_finished(policy_of(slice), slice, {}, conclusions);

    Slices finished = split_off(slices, is_finished);
    sum_pages(connection, scope, policies, finished);
    std::vector<std::int64_t> self_proving;
    for (const SliceView& slice : finished)
        if (policy_of(slice).keyed && proves_itself(policy_of(slice), slice))
            self_proving.push_back(slice.id);
    const auto keys = count_keys(connection, scope, self_proving);
    for (const SliceView& slice : finished)
        judge_finished(policy_of(slice), slice, keys, conclusions);

    conclusions.write(connection);
    return conclusions;
}

/// `ask`, and adds to `asking` what it took.
template <class Ask>
auto timed(const Monotonic& elapsed, std::chrono::nanoseconds& asking, const Ask& ask) {
    const std::chrono::nanoseconds begun = elapsed();
    auto answer = ask();
    asking += elapsed() - begun;
    return answer;
}

std::vector<std::int64_t> find_due(postgres::Connection& connection, const Scope& scope) {
    const auto rows = connection.exec(fill(due_sql, scope, {{"limit", std::to_string(slices_at_once)}}));
    std::vector<std::int64_t> due;
    for (std::size_t i = 0; i < rows.size(); ++i)
        due.push_back(rows.integer(i, 0));
    return due;
}

Steps take_steps(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                 const std::vector<std::int64_t>& due) {
    Steps made;
    if (due.empty()) return made;
    in_fence(connection, scope, [&] {
        connection.exec(std::string(by_index));
        DueSlices taken = take_due(connection, scope, due);
        const Conclusions conclusions = conclude(connection, scope, policies, std::move(taken.slices));
        made = {.news = conclusions.news(),
                .planned = conclusions.plans_pages(),
                .more = due.size() == static_cast<std::size_t>(slices_at_once),
                .locked = taken.locked};
    });
    return made;
}

}  // namespace

RunState poll(postgres::Connection& connection, const Scope& scope, const Policies& policies,
              const Monotonic& elapsed) {
    const Policy::Required required = policies.first().required;
    std::chrono::nanoseconds asking{0};
    const auto due = timed(elapsed, asking, [&] { return find_due(connection, scope); });
    Steps made = take_steps(connection, scope, policies, due);
    RunState state = timed(elapsed, asking, [&] { return read_state(connection, scope); });
    if (is_all_proven(state) && state.slices_proven > 0 && !suffices(state.proof, required)) {
        fail_insufficient(connection, scope, required);
        state = read_state(connection, scope);
    } else if (is_all_proven(state) && (all_overlap_allowed(policies) || state.key_overlap.empty())) {
        const Finalised finalised = finalise(connection, scope, policies);
        if (finalised == Finalised::changed) state = read_state(connection, scope);
        state.finalised_elsewhere = finalised == Finalised::elsewhere;
    }
    state.news = std::move(made.news);
    state.asking = asking;
    state.more_due = made.more;
    state.slices_locked = made.locked;
    if (made.planned) state.next_due = Millis{0};
    return state;
}

}  // namespace pagehaul::ledger
