#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/shared/context.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// A new UUID, version 4.
std::string new_uuid(Random& random);

/// How this process connects: its worker id is in every connection's application_name, by which reapers find
/// them. Nothing is called that is found by the role's search_path (catalog_only).
postgres::ConnectOptions connect_options(const config::Config& config, const std::string& worker);

/// What it means that the database keeps its texts in this encoding; nothing for UTF8.
std::optional<std::string> encoding_caveat(const std::string& encoding);

constexpr Millis kBriefStatement{5'000};
/// A connection that answers within seconds or fails: 2 s to connect, `statement` for each statement. For
/// the end of a process, which nothing may hold up. Throws Failure.
std::unique_ptr<postgres::Connection> connect_briefly(const Context& context,
                                                      Millis statement = kBriefStatement);

}  // namespace pagehaul::engine
