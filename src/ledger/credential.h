#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// What the processes of a pipeline share of a credential that is renewed. What the bytes mean, and whether
/// they are encrypted, is its writer's.
struct CredentialRow {
    std::int64_t generation = 0;  ///< 0: nothing is stored yet
    std::string pair;
    bool sealed = false;
    std::optional<Millis> left{};  ///< until what it holds ends, now
};

/// What is stored; generation 0 where that is nothing.
CredentialRow read_credential(postgres::Connection& connection, const Scope& scope, const std::string& name);

/// Opens a transaction that holds the row alone, made if missing, and reads it. nullopt (rolled back):
/// another one held it for all of `patience`.
std::optional<CredentialRow> begin_credential(postgres::Connection& connection, const Scope& scope,
                                              const std::string& name, Millis patience);

/// In that transaction, or in one of its own: stores `row` where `row.generation` is the next one, on the
/// disk when its commit is. @return false: another was stored meanwhile.
bool store_credential(postgres::Connection& connection, const Scope& scope, const std::string& name,
                      const CredentialRow& row);

}  // namespace pagehaul::ledger
