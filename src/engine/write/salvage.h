#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "engine/shared/context.h"
#include "engine/shared/fetched_page.h"

namespace pagehaul::engine {

/// More rows than this that the target refuses, and the whole page is quarantined.
constexpr std::size_t kMaxRefusedRows = 32;

/// From so many rows on, all refused with the same words, the config is to blame and not the data: fewer may
/// well be bad in the same way, on a slice's last page say, and run.quarantine_limit is there to judge them.
constexpr std::size_t kMinAlike = 10;

using StoreRow = std::function<std::int64_t(postgres::Connection& connection, std::string_view line)>;

/// Stores a page in which the target refuses some row (a class 22 or 23 error that our own conversion let
/// pass): row by row under savepoints, the refused rows into the quarantine. One transaction; updates `page`
/// with the new counts.
/// `store` stores one row and says how many it changed.
/// @return rows changed; nullopt when the page is not ours any more. Throws Failure of kind data when every
/// row of the page, kMinAlike or more, meets the same error. `heads`: becomes what ledger::complete leased.
std::optional<std::int64_t> salvage_page(postgres::Connection& connection, Context& context,
                                         const config::Sink& sink, const StoreRow& store, FetchedPage& page,
                                         std::vector<ledger::Claim>& heads);

/// A COPY text line as a JSON object of the sink's columns: what is left to keep of a refused row. Pure.
std::string row_as_json(const config::Sink& sink, std::string_view copy_line);

}  // namespace pagehaul::engine
