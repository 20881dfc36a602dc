#include "engine/tell/verdict.h"

#include <nlohmann/json.hpp>

namespace pagehaul::engine {
namespace {

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

std::string termination_message(const Verdict& verdict, const std::string& pipeline, std::int64_t run,
                                const ledger::RunState& state, std::chrono::milliseconds took) {
    nlohmann::ordered_json line;
    line["verdict"] = verdict.word;
    line["exit_code"] = static_cast<int>(verdict.code);
    line["reason"] = verdict.reason.substr(0, 2000);
    line["pipeline"] = pipeline;
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
    // A cut inside a UTF-8 sequence must not lose the message.
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pagehaul::engine
