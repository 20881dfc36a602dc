#pragma once

#include <string>
#include <string_view>

#include "report/html.h"
#include "report/words.h"

namespace pagehaul::report {

// The parts of the page, for render.cpp.

Html completeness_section(const RunReport& report);  ///< in sections_slices.cpp
Html holes_section(const RunReport& report);         ///< empty where there are none
Html time_section(const RunReport& report);          ///< in sections_pages.cpp
Html latency_section(const RunReport& report);
Html retries_section(const RunReport& report);
Html quarantine_section(const RunReport& report);  ///< in sections_rest.cpp
Html details_section(const RunReport& report);

}  // namespace pagehaul::report
