#pragma once

namespace pagehaul::cli {

/// Parses the command line and runs its verb. @return the process's exit code.
int run_app(int argc, const char* const* argv);

}  // namespace pagehaul::cli
