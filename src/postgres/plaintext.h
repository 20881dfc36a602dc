#pragma once

#include <optional>
#include <string>

#include "dsn/dsn.h"
#include "postgres/connection.h"
#include "postgres/options.h"

namespace pagehaul::postgres {

/// The host to which the password of a connection string goes, where that is another machine: not where there
/// is no password, nor over a socket or loopback. What the string leaves out libpq takes from its
/// environment; a service's host is not known here, and counts as another machine. Pure.
std::optional<std::string> password_goes_to(const dsn::Dsn& dsn, const Surroundings& surroundings);
/// Whether libpq refuses to connect without encryption. Pure.
bool demands_encryption(const dsn::Dsn& dsn, const Surroundings& surroundings);

/// That host, where the open connection, made with `options`, is not encrypted.
std::optional<std::string> plaintext_host(Connection& connection, const ConnectOptions& options);

}  // namespace pagehaul::postgres
