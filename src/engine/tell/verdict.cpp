#include "engine/tell/verdict.h"

#include <nlohmann/json.hpp>

#include "log/log.h"

namespace pagehaul::engine {
namespace {

constexpr std::size_t kReasonBytes = 2000;  // of the 4096 that Kubernetes keeps

std::string because(const std::string& text, const std::string& reason) {
    return reason.empty() ? text : text + ": " + reason;
}

std::string first_failure(const ledger::RunState& state) {
    if (!state.key_overlap.empty()) return state.key_overlap;
    if (!state.failures.empty()) return state.failures.front();
    return because(std::to_string(state.pages_refused) + " pages were refused for good", state.first_refusal);
}

/// Never more than the proofs say.
std::string shown(const ledger::RunState& state) {
    const bool counts = state.proof.starts_with("counts");
    if (state.slices_end_not_shown > 0)
        return std::string("every page that was told is stored, ") + (counts ? "the counts agree, " : "") +
               "the end of " + std::to_string(state.slices_end_not_shown) + " of " +
               std::to_string(state.slices_proven) + because(" slices is not shown", state.end_refused);
    if (state.proof == "chain")
        return "every page that a page told of is stored, and the API said that it ends: nothing else shows "
               "that "
               "none is missing";
    return counts ? "every page stored, completeness proven by counts"
                  : "every page stored, completeness shown by pages";
}

/// Behind what a success says: they do not decide it.
std::string and_left(const ledger::RunState& state) {
    if (state.slices_left == 0) return "";
    return "; " + std::to_string(state.slices_left) +
           (state.slices_left == 1 ? " slice of an older run is" : " slices of older runs are") +
           because(" still not pulled", state.left.empty() ? "" : state.left.front());
}

}  // namespace

Verdict judge_run(StopCause cause, const std::string& stop_reason, const ledger::RunState& state) {
    if (cause == StopCause::bug) return {ExitCode::bug, "failed", because("a bug", stop_reason)};
    if (state.status == ledger::RunStatus::succeeded) {
        if (state.slices_proven == 0) {
            Verdict verdict = nothing_due();
            verdict.reason += and_left(state);
            return verdict;
        }
        return {ExitCode::ok, "succeeded", shown(state) + and_left(state)};
    }
    switch (cause) {
        case StopCause::credential:
            return {ExitCode::credential, "failed", because("credentials refused", stop_reason)};
        case StopCause::config:
            return {ExitCode::config, "failed", because("config", stop_reason)};
        case StopCause::sigterm:
            return {ExitCode::terminated, "stopped", because("SIGTERM; resumable", "")};
        case StopCause::sigint:
            return {ExitCode::interrupted, "stopped", because("SIGINT; resumable", "")};
        case StopCause::deadline:
        case StopCause::lost:
            return {ExitCode::incomplete, "incomplete", because("resumable", stop_reason)};
        case StopCause::idle:
            return {ExitCode::ok, "idle", stop_reason, true};
        case StopCause::none:
        case StopCause::data:
        case StopCause::unavailable:
        case StopCause::bug:
            break;
    }
    if (cause == StopCause::data) return {ExitCode::data, "failed", stop_reason};
    if (state.slices_failed > 0 || state.pages_refused > 0 || !state.key_overlap.empty()) {
        return {ExitCode::data, "failed", first_failure(state)};
    }
    if (cause == StopCause::unavailable) return {ExitCode::unavailable, "incomplete", stop_reason};
    if (state.pages_unavailable > 0) {
        return {ExitCode::unavailable, "incomplete",
                std::to_string(state.pages_unavailable) +
                    " pages used up their attempts; the next start tries them again"};
    }
    if (state.status == ledger::RunStatus::superseded) {
        return {ExitCode::incomplete, "incomplete", "a newer run has taken over this one's slices"};
    }
    return {ExitCode::bug, "failed", "the run stopped without a cause and with work left"};
}

Verdict nothing_due() {
    return {ExitCode::ok, "nothing due",
            "no slice is due yet (ready_at in source.slices): nothing was asked for, nothing is stored",
            true};
}

Verdict nothing_to_help(std::string why) {
    return {ExitCode::ok, "nothing due", std::move(why), true};
}

Verdict busy(IfBusy what, StopCause cause, const std::string& holder) {
    switch (what) {
        case IfBusy::skip:
            return {ExitCode::ok, "skipped", holder + ": nothing was asked for, nothing is stored", true};
        case IfBusy::wait:
            if (cause == StopCause::deadline)
                return {ExitCode::incomplete, "incomplete",
                        "run.deadline was reached while another run was waited for: " + holder};
            if (cause != StopCause::none) return judge_run(cause, holder, {});
            break;
        case IfBusy::fail:
            break;
    }
    return {ExitCode::incomplete, "incomplete", holder};
}

std::string termination_message(const Verdict& verdict, const std::string& pipeline, std::int64_t run,
                                const ledger::RunState& state, std::chrono::milliseconds took) {
    nlohmann::ordered_json line;
    line["verdict"] = verdict.word;
    line["exit_code"] = static_cast<int>(verdict.code);
    // Texts by themselves: in the whole line a secret may be one of the numbers.
    line["reason"] = log::excerpt(verdict.reason, kReasonBytes);
    line["pipeline"] = log::redacted(pipeline);
    line["run"] = run;
    line["proof"] = state.proof;
    line["rows_stored"] = state.rows_stored;
    line["rows_quarantined"] = state.rows_quarantined;
    line["rows_duplicate"] = state.rows_duplicate;
    line["pages_done"] = state.pages_done;
    line["pages_open"] = state.pages_pending + state.pages_leased;
    line["pages_failed"] = state.pages_unavailable + state.pages_refused;
    line["slices_proven"] = state.slices_proven;
    line["slices_open"] = state.slices_open;
    line["slices_failed"] = state.slices_failed;
    line["slices_left"] = state.slices_left;
    line["seconds"] = static_cast<double>(took.count()) / 1000.0;
    // Bytes that are no UTF-8 must not lose the message.
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pagehaul::engine
