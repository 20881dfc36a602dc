#pragma once

#include <array>

#include "config/config.h"
#include "core/error.h"
#include "source/slices.h"

namespace pagehaul::source {

/// The two slices that together ask for what this one does: its first window, in the config's order, that has
/// more than one unit (a day of dates, a minute of times) is cut in the middle. They are named by their
/// bounds, which no planned slice is: "date=2026-11-23..2026-11-25", "t=BEGIN..NEXT". An error says why
/// nothing can be halved.
Result<std::array<Slice, 2>> halve(const config::Source& source, const Slice& slice);

}  // namespace pagehaul::source
