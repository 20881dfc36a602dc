#include "source/pagination.h"

#include <algorithm>
#include <limits>

namespace pagehaul::source {

std::int64_t page_number(const config::Pagination& pagination, std::int64_t no) {
    return pagination.first.value_or(1) + no - 1;
}

std::int64_t page_offset(const config::Pagination& pagination, std::int64_t no) {
    return offset_behind(pagination, (no - 1) * pagination.size);
}

std::int64_t offset_behind(const config::Pagination& pagination, std::int64_t rows) {
    return pagination.first.value_or(0) + rows;
}

bool is_one_request(const config::Pagination& pagination) {
    return pagination.type == config::PaginationType::none;
}

std::int64_t pages_for(std::int64_t total_rows, std::int64_t size) {
    return total_rows <= 0 ? 0 : (total_rows - 1) / size + 1;
}

std::int64_t most_rows(std::int64_t size) {
    constexpr std::int64_t some = 1'000;
    if (size == 0) return std::numeric_limits<std::int64_t>::max();
    return size + std::max(size, some);
}

std::string capped_page(const config::Pagination& pagination, std::int64_t fetched,
                        const std::optional<std::int64_t>& total_rows) {
    if (config::is_linked(pagination.type) || is_one_request(pagination)) return {};
    if (!total_rows || fetched >= std::min(pagination.size, *total_rows)) return {};
    const bool advisory = pagination.total && pagination.total->trust == config::TotalTrust::advisory;
    if (advisory && *total_rows <= pagination.size) return {};
    const std::string told = "the total is " + std::to_string(*total_rows);
    if (fetched == 0) return "page 1 has no rows although " + told;
    const std::string asked = std::to_string(pagination.size);
    if (*total_rows <= pagination.size) {
        return "page 1 has " + std::to_string(fetched) + " rows although " + told + " and " + asked +
               " were asked for: the API caps the page size at " + std::to_string(fetched) + " (asked " +
               asked + ")";
    }
    return "the API caps the page size at " + std::to_string(fetched) + " (asked " + asked + ", and " + told +
           "): set source.pagination.size to " + std::to_string(fetched);
}

std::string end_hint(const std::string& rule) {
    if (rule.empty()) return {};
    return "; if that is how the API says that there are no more pages, write the rule " + rule +
           " into source.response.rules";
}

}  // namespace pagehaul::source
