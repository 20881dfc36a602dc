#pragma once

#include <string>

#include "config/config.h"

namespace pagehaul::source {

/// What is built of `source.auth`, for people: the request that gets a credential, and what requests to the
/// API show. Secrets are "***".
std::string describe_auth(const config::SourceAuth& auth);

/// What requests to the API show, each secret as "***".
config::Auth stand_in(const config::SourceAuth& auth);

}  // namespace pagehaul::source
