#pragma once

#include "core/error.h"

namespace pagehaul {

/// The table of the README. Kubernetes' podFailurePolicy reads these numbers: they are a contract.
enum class ExitCode : int {
    ok = 0,
    usage = 64,
    data = 65,
    unavailable = 69,
    bug = 70,
    incomplete = 75,
    credential = 77,
    config = 78,
    interrupted = 130,
    terminated = 143,
};

/// The exit code of a verb that ended with this failure (a run's own verdict is made in
/// engine/tell/verdict.h).
constexpr ExitCode exit_code_for(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::transient:
        case ErrorKind::throttled:
        case ErrorKind::in_doubt:
            return ExitCode::unavailable;
        case ErrorKind::permanent:
        case ErrorKind::data:
            return ExitCode::data;
        case ErrorKind::credential:
            return ExitCode::credential;
        case ErrorKind::config:
            return ExitCode::config;
        case ErrorKind::cancelled:
        case ErrorKind::fenced:
            return ExitCode::incomplete;
        case ErrorKind::bug:
            return ExitCode::bug;
    }
    return ExitCode::bug;
}

}  // namespace pagehaul
