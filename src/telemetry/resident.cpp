#include "telemetry/resident.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <string>

namespace pagehaul::telemetry {

std::optional<std::int64_t> resident_pages(std::string_view statm) {
    const std::size_t blank = statm.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const std::string_view rest = statm.substr(blank + 1);
    std::int64_t pages = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pages);
    if (error != std::errc{} || pages < 0) return std::nullopt;
    return pages;
}

std::optional<std::int64_t> resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const auto pages = resident_pages(line);
    if (!pages) return std::nullopt;
    return *pages * ::sysconf(_SC_PAGESIZE);
}

}  // namespace pagehaul::telemetry
