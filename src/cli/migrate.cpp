#include "ledger/migrations.h"

#include <iostream>

#include "cli/setting.h"
#include "engine/shared/connecting.h"
#include "engine/shared/session.h"

namespace pagehaul::cli {

ExitCode migrate(const ConfigArguments& arguments) {
    const config::Config config = load_config(arguments);
    Setting setting;
    engine::Session session({.connect = engine::connect_options(config, "migrate"),
                             .role = "migrate",
                             .patience = config.run.patience},
                            system_clock(), setting.random());
    std::vector<int> applied;
    session.run(setting.stop().no_new_work_token(), [&](postgres::Connection& connection) {
        applied = ledger::migrate(connection, config.ledger.schema);
    });
    if (applied.empty()) {
        std::cout << "ledger schema \"" << config.ledger.schema << "\" is at version "
                  << ledger::newest_version() << ", nothing to do\n";
    }
    for (const int version : applied) {
        std::cout << "ledger schema \"" << config.ledger.schema << "\" migrated to version " << version
                  << '\n';
    }
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
