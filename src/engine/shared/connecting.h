#pragma once

#include <memory>
#include <string>

#include "engine/shared/context.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// A new UUID, version 4.
std::string new_uuid(Random& random);

/// How this process connects: its worker id is in every connection's application_name, by which reapers find
/// them.
postgres::ConnectOptions connect_options(const config::Config& config, const std::string& worker);

constexpr Millis kBriefStatement{5'000};
/// A connection that answers within seconds or fails: 2 s to connect, kBriefStatement for each statement. For
/// the end of a process, which nothing may hold up. Throws Failure.
std::unique_ptr<postgres::Connection> connect_briefly(const Context& context);

}  // namespace pagehaul::engine
