#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/connection.h"

namespace pagehaul::ledger {

struct Fingerprint {
    std::string hash;  ///< SHA-256 of those lines that are not at their defaults
    std::string text;  ///< all lines, for saying what differs
};

/// "key.path = value" lines.
struct CanonicalConfig {
    std::string whole;
    std::string hashed;  ///< those that are not at their defaults
};

/// Of a config and of what variables hold in it, of which only hashes stay, salted by this ledger: two
/// accounts pulled by one file are two fingerprints, and what they hold cannot be looked up.
Fingerprint fingerprint(postgres::Connection& connection, const std::string& schema, CanonicalConfig config,
                        const std::vector<std::pair<std::string, std::string>>& held);

/// 16 hex digits that tell this ledger from any other: what messages between processes bear. The salt is not
/// to be had from them.
std::string identity(postgres::Connection& connection, const std::string& schema);

}  // namespace pagehaul::ledger
