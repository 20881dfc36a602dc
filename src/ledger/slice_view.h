#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/proof.h"
#include "ledger/window.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// A slice as poll and proof judge it, its row locked FOR UPDATE.
struct SliceView {
    std::int64_t id = 0;
    std::string key;
    int pass = 1;
    int first_pass = 1;
    std::optional<std::int64_t> total;
    std::optional<std::int64_t> planned;
    std::optional<std::string> drift;
    // Of the pass's pages:
    std::int64_t leased = 0;
    bool has_proof_page = false;
    SliceSums sums;  ///< distinct_keys as if no key repeated, until count_keys
    Window window;
};

enum class WhenLocked { skip, wait };
/// Locks those slices that are open, in id order, then reads their pages in a statement (a snapshot) of its
/// own. In a fenced transaction.
std::vector<SliceView> lock_slices(postgres::Connection& connection, const Scope& scope, const Policy& policy,
                                   const std::vector<std::int64_t>& ids, WhenLocked when_locked);

/// Distinct key hashes of each slice's pass, by slice id.
std::unordered_map<std::int64_t, std::int64_t> count_keys(postgres::Connection& connection,
                                                          const Scope& scope,
                                                          const std::vector<std::int64_t>& ids);

}  // namespace pagehaul::ledger
