#pragma once

#include <string>
#include <vector>

#include "postgres/connection.h"

namespace pagehaul::ledger {

/// The newest schema version this binary knows.
int newest_version();
/// What the database has; 0 when the schema or its tables are missing.
int installed_version(postgres::Connection& connection, const std::string& schema);
/// Throws Failure of kind config when this version is beyond newest_version(): nothing may be read or written
/// then.
void refuse_newer(int installed, const std::string& schema);
/// Brings the ledger to newest_version() under an advisory lock, idempotent. @return the versions applied, in
/// order. Throws Failure of kind config when the database is newer than this binary, or when a privilege is
/// missing (with the GRANT that helps).
std::vector<int> migrate(postgres::Connection& connection, const std::string& schema);

}  // namespace pagehaul::ledger
