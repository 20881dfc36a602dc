#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "record/copy_buffer.h"

namespace pagehaul::record {

// Times as PostgreSQL and ISO 8601 both write them, and how they are written for COPY. Pure.

struct Moment {
    std::chrono::sys_days day;
    std::int64_t micros_of_day = 0;  ///< may reach a whole day, by rounding
    bool needs_rewrite = false;      ///< more digits than microseconds: written anew instead of as it came
    bool has_offset = false;
    int offset_minutes = 0;  ///< east of UTC

    std::int64_t micros() const {
        return day.time_since_epoch().count() * 86'400'000'000LL + micros_of_day -
               offset_minutes * 60'000'000LL;
    }
};

/// yyyy-mm-dd, the whole text.
bool read_date(std::string_view text, std::chrono::sys_days& day);
/// hh:mm[:ss[.fraction]], the whole text.
bool read_clock(std::string_view text, Moment& moment);
/// A date, perhaps with a time behind T or a blank, perhaps with its offset; the whole text.
bool read_moment(std::string_view text, Moment& moment);

constexpr std::int64_t kMicrosOfDay = 86'400'000'000;
/// Whether a time is of the years 0001 to 9999, which "yyyy" can write.
bool is_writable(std::int64_t micros);

void write_day(std::chrono::sys_days day, CopyBuffer& out);
/// hh:mm:ss.ffffff
void write_clock(std::int64_t micros_of_day, CopyBuffer& out);
/// Both, and +00 behind them where the time is UTC's.
void write_moment(std::int64_t micros, bool with_offset, CopyBuffer& out);
void append_number(std::int64_t value, std::string& out);

}  // namespace pagehaul::record
