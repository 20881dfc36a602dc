#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::postgres {

/// "schema"."table" with quotes doubled. Refuses an empty name and NUL.
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);
/// A bigint[] literal: {1,2,3}.
std::string array_literal(const std::vector<std::int64_t>& values);
/// A text[] literal, elements quoted and escaped; nullopt is NULL.
std::string array_literal(const std::vector<std::optional<std::string>>& values);

}  // namespace pagehaul::postgres
