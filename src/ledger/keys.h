#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ledger/key_count.h"
#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// Distinct key hashes of each slice's pass, by slice id; in a transaction. Every page of theirs is done.
std::unordered_map<std::int64_t, std::int64_t> count_keys(postgres::Connection& connection,
                                                          const Scope& scope,
                                                          const std::vector<std::int64_t>& ids);

/// Distinct key hashes of all proven slices of the stream together, which have `about` so many; in a
/// transaction.
std::int64_t count_all_keys(postgres::Connection& connection, const Scope& scope, const std::string& stream,
                            std::int64_t about);

/// Hands over the hashes of a proven or whole slice's keys, packed, in any pieces.
void read_keys_of(postgres::Connection& connection, const Scope& scope, std::int64_t slice,
                  const TakeKeys& take);

}  // namespace pagehaul::ledger
