#pragma once

#include <string>

#include "report/run_report.h"

namespace pagehaul::report {

/// The run as one HTML page that asks for nothing else: style and drawings are inside, there is no script.
/// Pure. Every text of the report is escaped.
std::string render(const RunReport& report);

}  // namespace pagehaul::report
