#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pagehaul::telemetry {

/// What this process has in memory now, in bytes; nullopt where the kernel does not tell (no /proc).
std::optional<std::int64_t> resident_bytes();

/// The resident pages of /proc/PID/statm, its second number; nullopt for anything else. Pure.
std::optional<std::int64_t> resident_pages(std::string_view statm);

}  // namespace pagehaul::telemetry
