#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "record/columns.h"

namespace pagehaul::sink {

/// True, as SQL over the target's row `t`, for the rows of a slice: those with its values in the columns that
/// are its parameters. Of a source without slices all rows are.
std::string belongs_to(const std::vector<record::SliceField>& slice);

}  // namespace pagehaul::sink
