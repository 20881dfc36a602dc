#include <iostream>

#include "cli/setting.h"
#include "config/load.h"

namespace pagehaul::cli {

ExitCode schema() {
    std::cout << config::json_schema();
    return ExitCode::ok;
}

ExitCode version() {
    std::cout << "pagehaul " << build_version() << '\n';
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
