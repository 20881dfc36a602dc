#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time_pattern.h"

namespace pagehaul::source {

/// A time of a slice as templates show it.
struct SliceTime {
    TimeParts shown;         ///< by the zone's clock
    std::int64_t epoch = 0;  ///< seconds
};

/// What a slice's parameter says: a day, 2026-11-22, which begins when the zone's clock shows midnight (where
/// that is skipped, with what comes behind it), or a time with its offset, 2026-11-22T10:00:00+01:00, which
/// needs no zone. Nothing if it is neither. Throws std::runtime_error for an unknown zone.
std::optional<SliceTime> read_slice_time(std::string_view text, const std::string& zone);

/// A time of a slice with the offset that the zone's clock has then: what read_slice_time reads.
std::string write_slice_time(std::int64_t epoch, const std::string& zone);

/// The day after a day; nothing if the text is none.
std::optional<std::string> next_day(std::string_view day);

}  // namespace pagehaul::source
