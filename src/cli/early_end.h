#pragma once

#include <string>

#include "cli/verbs.h"
#include "config/config.h"
#include "core/error.h"

namespace pagehaul::cli {

// What ends before there is a run is told where a run is: Kubernetes by the termination message, and, once
// the config is read, whoever gets the metrics, as the pipeline's last run. Else who watches would hear of it
// when the next success is overdue.

/// Kubernetes' file, where it exists.
std::string termination_log();

/// load_config, and tells what it throws.
config::Config load_or_tell(const ConfigArguments& arguments);

/// Tells that the verb failed. Blocks 2 s and a little at most; never throws.
void tell_early_end(const config::Config& config, const Error& error);

}  // namespace pagehaul::cli
