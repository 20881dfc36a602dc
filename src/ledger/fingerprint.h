#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/connection.h"

namespace pagehaul::ledger {

struct Fingerprint {
    std::string hash;  ///< SHA-256 of the text
    std::string text;  ///< "key.path = value" lines, for saying what differs
};

/// Of a config's canonical text and of what variables hold in it, of which only hashes stay, salted by this
/// ledger: two accounts pulled by one file are two fingerprints, and what they hold cannot be looked up.
Fingerprint fingerprint(postgres::Connection& connection, const std::string& schema, std::string text,
                        const std::vector<std::pair<std::string, std::string>>& held);

}  // namespace pagehaul::ledger
