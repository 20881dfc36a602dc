#pragma once

#include <string>

#include "config/config.h"
#include "postgres/connection.h"

namespace pagehaul::cli {

/// Tries the broker, makes the queue where it is missing. @return one line of what is there. Throws Failure.
std::string check_queue(const config::Queue& queue);

/// Whether the database has connections for so many processes at once, sized as this one would be.
/// @return one line. Throws Failure of kind config where it has not.
std::string check_connections(postgres::Connection& connection, const config::Config& config, int processes);

}  // namespace pagehaul::cli
