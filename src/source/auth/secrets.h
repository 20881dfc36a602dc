#pragma once

#include <functional>
#include <vector>

#include "config/config.h"
#include "core/error.h"

namespace pagehaul::source {

/// Reads a secret anew; kind credential says that it is static (config::reread).
using Reread = std::function<Result<config::Secret>(const config::Secret&)>;

/// The secrets that a config names, wherever they stand in it.
std::vector<config::Secret*> secrets_of(config::Auth& auth);
std::vector<config::Secret*> secrets_of(config::OAuth2& auth);
std::vector<config::Secret*> secrets_of(config::Login& auth);
std::vector<config::Secret*> secrets_of(config::Signing& signing);

/// Reads them anew, in place. One that is static, or cannot be read now, stays. @return whether any is
/// another.
bool reread_all(const std::vector<config::Secret*>& secrets, const Reread& reread);
/// One of them stands in a file.
bool any_rereadable(const std::vector<config::Secret*>& secrets);

}  // namespace pagehaul::source
