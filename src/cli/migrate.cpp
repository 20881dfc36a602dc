#include "ledger/migrations.h"

#include <iostream>

#include "cli/early_end.h"
#include "cli/setting.h"
#include "engine/shared/connecting.h"
#include "engine/shared/session.h"

namespace pagehaul::cli {
namespace {

struct Migrated {
    std::vector<int> applied;
    ledger::Installed now;  ///< where nothing was applied
};

Migrated migrate(const config::Config& config) {
    Setting setting;
    engine::Session session({.connect = engine::connect_options(config, "migrate"),
                             .role = "migrate",
                             .patience = config.run.patience},
                            system_clock(), setting.random());
    Migrated done;
    session.run(setting.stop().no_new_work_token(), [&](postgres::Connection& connection) {
        done.applied = ledger::migrate(connection, config.ledger.schema);
        if (done.applied.empty()) done.now = ledger::installed(connection, config.ledger.schema);
    });
    return done;
}

Migrated migrate_or_tell(const config::Config& config) {
    try {
        return migrate(config);
    } catch (const Failure& failure) {
        tell_early_end(config, failure.error());
        throw;
    }
}

}  // namespace

ExitCode migrate(const ConfigArguments& arguments) {
    const config::Config config = load_or_tell(arguments);
    const auto [applied, now] = migrate_or_tell(config);
    if (applied.empty()) {
        std::cout << "ledger schema \"" << config.ledger.schema << "\" is at version " << now.version;
        if (now.is_newer())
            std::cout << ", newer than this binary, which knows " << ledger::newest_version()
                      << " and is served";
        std::cout << ", nothing to do\n";
    }
    for (const int version : applied) {
        std::cout << "ledger schema \"" << config.ledger.schema << "\" migrated to version " << version
                  << '\n';
    }
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
