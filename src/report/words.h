#pragma once

#include <optional>
#include <string>

#include "report/run_report.h"

namespace pagehaul::report {

/// How a run ended, for somebody who does not know pagehaul: what is true, and what to do now.
struct Words {
    enum class Tone { good, careful, bad, busy };
    Tone tone = Tone::careful;
    std::string headline;
    std::string meaning;
    std::string next;              ///< what to do now; commands in backticks
    std::optional<int> exit_code;  ///< absent while it runs, and where nobody was left to say it
    std::string reason;            ///< as the run put it; may be empty
};

/// Pure. The ledger's state comes before the word of the process that settled last: it may have been an
/// earlier one, and a process that was killed says nothing.
Words words_for(const RunReport& report);

/// Told minus accounted for, in the unit of `told`: negative where the API gave more than it told, absent
/// where it told nothing.
std::optional<std::int64_t> missing(Told told, std::optional<std::int64_t> total, const Counts& done);

}  // namespace pagehaul::report
