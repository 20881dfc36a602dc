#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"
#include "telemetry/metric_settings.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::engine {

/// The credentials that the config sends to another machine over http, a line each: where it stands, where it
/// goes, and what mends it. None with security.plaintext: allow. Pure.
std::vector<std::string> plaintext_credentials(const config::Config& config,
                                               const std::optional<telemetry::TraceSettings>& traces,
                                               const std::optional<telemetry::MetricSettings>& metrics);

/// The same of the database's password, by its open connection.
std::optional<std::string> plaintext_password(const config::Config& config, postgres::Connection& connection);

}  // namespace pagehaul::engine
