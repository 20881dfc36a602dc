#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/proof.h"
#include "ledger/window.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// A slice as poll and proof judge it, its row locked FOR UPDATE. What lock_slices does not fill, the others
/// do.
struct SliceView {
    std::int64_t id = 0;
    std::string stream{};
    std::string key;
    std::string state;
    int pass = 1;
    int first_pass = 1;
    std::optional<std::int64_t> total;
    std::optional<std::int64_t> planned;
    std::optional<std::string> drift;
    bool is_to_split = false;
    std::int64_t full_to = 0;  ///< pages 1..full_to of the pass are known to be done and full
    // Of the pass's pages:
    std::int64_t leased = 0;
    bool has_proof_page = false;
    SliceSums sums;  ///< distinct_keys as if no key repeated, until count_keys
    Window window;
};
using Slices = std::vector<SliceView>;

std::vector<std::int64_t> ids_of(const Slices& slices);

enum class WhenLocked { skip, wait };
/// Locks those slices in id order, whatever their state. In a fenced transaction; what reads their pages then
/// is a statement (a snapshot) of its own.
Slices lock_slices(postgres::Connection& connection, const Scope& scope, const std::vector<std::int64_t>& ids,
                   WhenLocked when_locked);

/// Fills `leased`, `has_proof_page` and of the window what is not done: from indexes of few pages.
void look_at_pages(postgres::Connection& connection, const Scope& scope, Slices& slices);

/// Fills the rest of the window from the pages behind `full_to`, and notes how far that goes now.
void read_windows(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                  Slices& slices);

/// Fills `sums`: reads every page of the pass, so only once a slice is finished.
void sum_pages(postgres::Connection& connection, const Scope& scope, const Policies& policies,
               Slices& slices);

}  // namespace pagehaul::ledger
