#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"

namespace pagehaul::sink {

/// What the database says about the target.
struct Inspection {
    bool schema_exists = false;
    bool table_exists = false;
    /// The table has no unique index on exactly the key, and we may make one.
    bool index_missing = false;
    /// What does not fit, one line each, in terms of the config, with the SQL that would help where there is
    /// any.
    std::vector<std::string> misfits;
};

/// Reads the catalog; changes nothing.
Inspection inspect(postgres::Connection& connection, const config::Sink& sink);

}  // namespace pagehaul::sink
