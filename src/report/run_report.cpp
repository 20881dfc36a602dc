#include "report/run_report.h"

#include <algorithm>

namespace pagehaul::report {

bool RunFacts::alive() const {
    return state == State::running && std::any_of(processes.begin(), processes.end(),
                                                  [](const Process& process) { return process.alive; });
}

EpochMs RunFacts::ended() const {
    if (finished) return *finished;
    EpochMs end = created;
    for (const Process& process : processes)
        end = std::max(end, process.last_seen);
    return end;
}

}  // namespace pagehaul::report
