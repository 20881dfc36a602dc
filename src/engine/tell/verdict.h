#pragma once

#include <chrono>
#include <string>

#include "core/exit_code.h"
#include "core/stop.h"
#include "engine/shared/busy_policy.h"
#include "ledger/run_state.h"

namespace pagehaul::engine {

/// What the run came to, for the exit code, the summary line and the termination message.
struct Verdict {
    ExitCode code = ExitCode::bug;
    std::string word;    ///< "succeeded", "nothing due", "skipped", "idle", "incomplete", "failed", "stopped"
    std::string reason;  ///< one sentence for people
    bool nothing_due = false;  ///< exit 0, and no success: there was nothing to pull, or nothing was
};

/// Pure. Of several causes the first that applies of 70, 77, 78,
/// 143/130 or 75, 65, 69; but a run that the ledger calls succeeded is a success whatever stopped this
/// process. One without any slice is none: nothing was due.
Verdict judge_run(StopCause cause, const std::string& stop_reason, const ledger::RunState& state);

/// Of a run without slices, now or when its key is used again.
Verdict nothing_due();
/// For a worker that came when there was no run to help.
Verdict nothing_to_help(std::string why);

/// Of a start that found another run at work, `holder` in words, and was to do `what` then. `cause`: of the
/// stop that ended its wait. Never a success: it pulled nothing. Pure.
Verdict busy(IfBusy what, StopCause cause, const std::string& holder);

/// The termination message: one line of JSON, at most 4096 bytes (Kubernetes cuts there).
std::string termination_message(const Verdict& verdict, const std::string& pipeline, std::int64_t run,
                                const ledger::RunState& state, std::chrono::milliseconds took);

}  // namespace pagehaul::engine
