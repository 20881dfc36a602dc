#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/time_pattern.h"
#include "record/convert.h"

namespace date {
class time_zone;
}  // namespace date

namespace pagehaul::record {

/// A column's `format` and `zone`: reads what an API calls a time and writes it as its type, with the type's
/// canonical form for a key. A zone is the one of stamps without an offset, for a timestamptz; for the other
/// types it is whose clock and calendar stamps with an offset are put into. Without one, those take clock and
/// day as they are written, and of an epoch UTC's. Constant after construction.
///
/// A local time that a zone has not, or has twice, is read as PostgreSQL does: with the offset before the
/// gap, and with the one after the change (of summer time: an hour on, and the second of the two). Of a zone
/// that changes its clock every year a time after 2037 is refused: its offset then is not known.
class TimeFormat {
  public:
    /// For a column with a format, a zone or both. Throws Failure of kind config.
    explicit TimeFormat(const config::Column& column);

    Refusal convert(const Input& input, CopyBuffer& out, std::string* key) const;

  private:
    std::optional<TimeParts> read(const Input& input) const;
    /// Microseconds since 1970 on the clock that the column shows; nothing where its offset is not known.
    std::optional<std::int64_t> shown(const TimeParts& parts) const;

    config::ColumnType type_;
    std::optional<int> epoch_digits_;     ///< decimal digits from its unit to a microsecond
    std::optional<TimePattern> pattern_;  ///< neither this nor an epoch: ISO 8601
    const date::time_zone* zone_ = nullptr;
    std::string refusal_;
};

}  // namespace pagehaul::record
