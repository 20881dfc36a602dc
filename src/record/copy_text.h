#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::record {

// Reading what CopyBuffer writes. Pure. (PostgreSQL's manual, COPY, "Text Format".)

/// The lines of DecodedPage::copy, each with its line feed.
std::vector<std::string_view> copy_lines(std::string_view copy);

/// The fields of a line, unescaped; nullopt is NULL.
std::vector<std::optional<std::string>> copy_fields(std::string_view line);

/// Appends `lines` without the field that each begins with: a staging table has the position, a target does
/// not.
void append_without_position(std::string& out, std::string_view lines);

/// The page's row number that a line begins with (position in page.h).
std::int32_t row_of(std::string_view line);

}  // namespace pagehaul::record
