#include "core/join.h"

#include <fmt/format.h>

namespace pagehaul {

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace pagehaul
