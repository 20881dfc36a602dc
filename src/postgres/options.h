#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dsn/dsn.h"
#include "postgres/connection.h"

namespace pagehaul::postgres {

/// The surroundings that libpq's defaults depend on; replaced in tests.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string&)> environment;
    std::function<bool(const std::string&)> file_exists;
};
Surroundings process_surroundings();

/// Adds what pagehaul needs to what the user wrote. The user's own settings win, except application_name
/// (reapers find backends by it) and client_encoding (COPY lines are UTF-8). Time-outs go through `options`,
/// ours before the user's, and catalog_only through them, behind; not behind pgbouncer, which refuses them.
/// verify-ca and verify-full without sslrootcert get the system's bundle: libpq 15 has no sslrootcert=system.
void apply_options(dsn::Dsn& dsn, const ConnectOptions& options, const Surroundings& surroundings);

}  // namespace pagehaul::postgres
