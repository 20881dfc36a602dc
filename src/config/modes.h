#pragma once

#include <cstdint>
#include <optional>

namespace pagehaul::config {

enum class Mode { upsert, append, replace_slice };
/// Whether rows wait in a staging table until their slice is proven.
inline bool is_staged(Mode mode) {
    return mode != Mode::upsert;
}
enum class Undeclared { ignore, error, column, add_column };
enum class Vanished { keep, mark, remove };
enum class Overlap { refused, allowed };
enum class Ddl { create, allow };  ///< what may be done to the database to make the target fit
/// What `vanished: mark` sets.
constexpr const char* kVanishedColumn = "deleted_at";

/// run.quarantine_limit, sink.vanished_limit: a count of rows, or a share.
struct QuarantineLimit {
    std::optional<std::int64_t> rows;
    std::optional<double> fraction;  ///< 0.001 for "0.1%"
};

}  // namespace pagehaul::config
