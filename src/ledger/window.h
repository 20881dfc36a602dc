#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "ledger/types.h"

namespace pagehaul::ledger {

/// The page rows of a slice's pass whose end nobody told.
struct Window {
    std::int64_t highest = 1;     ///< pages 1..highest have rows in the ledger
    std::int64_t unfinished = 0;  ///< of them pending or leased
    std::int64_t failed = 0;
    std::optional<std::int64_t> first_empty;     ///< done without rows
    std::optional<std::int64_t> last_with_rows;  ///< done with rows
    std::optional<std::int64_t> first_short;     ///< done with some rows, fewer than a full page
    std::optional<std::int64_t> first_failed{};
    std::optional<std::int64_t> last_told{};  ///< the first that says that it is the last
};

struct Wait {};
struct Extend {
    std::int64_t to;  ///< the new highest page
};
struct EndFound {
    std::int64_t planned;  ///< e - 1
};
struct EndMoved {
    std::string why;
};
struct EndRefused {
    std::string why;
};
using WindowStep = std::variant<Wait, Extend, EndFound, EndMoved, EndRefused>;

/// Below so many unfinished pages a window may grow: workers should find the next page without a poll.
constexpr std::int64_t window_low_water = 16;

/// Of page `no`, which was not full although a later one has rows.
std::string short_page_text(const Policy& policy, std::int64_t no);

/// Pure: src/ledger/README.md, "Numbered pages without a total".
WindowStep judge_window(const Policy& policy, const Window& window);

}  // namespace pagehaul::ledger
