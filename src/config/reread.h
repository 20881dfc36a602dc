#pragma once

#include "config/config.h"
#include "config/redact.h"
#include "config/yaml/variables.h"
#include "core/error.h"

namespace pagehaul::config {

/// True if the secret came from a mounted file, which may hold a newer one by now.
bool is_rereadable(const Secret& secret);

/// The secret expanded anew; the redactor learns it before anybody can send it. An error of kind config names
/// the variable or file that cannot be read; kind credential says that the secret is static.
Result<Secret> reread(const Secret& secret, Redactor& redactor, const VariableSources& sources = {});

}  // namespace pagehaul::config
