#pragma once

#include <cstdint>
#include <string>

namespace pagehaul {

/// Grouped by thousands: "1,234,567", "-1,000".
std::string number_text(std::int64_t value);

}  // namespace pagehaul
