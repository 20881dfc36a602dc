#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"

namespace pagehaul::sink {

/// What the database says about the target.
struct Inspection {
    /// The statements that make the target fit, of those that sink.ddl lets us run; empty when it does.
    std::vector<std::string> ddl;
    /// What does not fit, one line each, in terms of the config, with the SQL that would help where there is
    /// any.
    std::vector<std::string> misfits;
};

/// Reads the catalog; changes nothing.
Inspection inspect(postgres::Connection& connection, const config::Sink& sink);

}  // namespace pagehaul::sink
