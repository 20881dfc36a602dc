#pragma once

#include <string>
#include <vector>

#include "postgres/connection.h"

namespace pagehaul::ledger {

/// The newest schema version this binary knows.
int newest_version();

/// What a database has of the ledger.
struct Installed {
    int version = 0;  ///< 0: the schema or its tables are missing
    int serves_from =
        0;  ///< the oldest version whose programs may use it; `version` where nothing is recorded

    /// Whether a program that knows versions up to `known` may use it as it is.
    bool serves(int known) const { return version <= known || serves_from <= known; }
    bool is_newer() const { return version > newest_version(); }
};

Installed installed(postgres::Connection& connection, const std::string& schema);
/// Throws Failure of kind config when the ledger is newer than this binary and does not serve it: nothing may
/// be read or written then.
void refuse_unserved(const Installed& ledger, const std::string& schema);
/// Brings the ledger to newest_version() under an advisory lock, idempotent; a newer one that serves this
/// binary stays as it is. @return the versions applied, in order. Throws as refuse_unserved(), and Failure of
/// kind config when a privilege is missing (with the GRANT that helps).
std::vector<int> migrate(postgres::Connection& connection, const std::string& schema);

}  // namespace pagehaul::ledger
