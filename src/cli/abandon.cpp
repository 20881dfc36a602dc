#include <iostream>

#include "cli/setting.h"
#include "cli/verbs.h"
#include "engine/shared/connecting.h"
#include "ledger/left_slices.h"
#include "ledger/migrations.h"

namespace pagehaul::cli {

ExitCode abandon(const AbandonArguments& arguments) {
    const config::Config config = load_config(arguments.config);
    postgres::Connection connection(engine::connect_options(config, "abandon"));
    const ledger::Installed installed = ledger::installed(connection, config.ledger.schema);
    if (installed.version < ledger::newest_version()) {
        throw Failure(ErrorKind::config, "ledger.schema",
                      "the ledger's schema is at version " + std::to_string(installed.version) +
                          ", this binary needs " + std::to_string(ledger::newest_version()) +
                          ": run `pagehaul migrate`");
    }
    ledger::refuse_unserved(installed, config.ledger.schema);
    const ledger::Scope scope{.schema = config.ledger.schema,
                              .pipeline = config.pipeline,
                              .worker = "",
                              .stale = config.run.stale,
                              .pgbouncer = config.sink.pgbouncer};
    const auto outcome = ledger::abandon(connection, scope, arguments.what, redacted(arguments.why));
    const auto* abandoned = std::get_if<ledger::Abandoned>(&outcome);
    if (abandoned == nullptr) {
        std::cerr
            << "nothing of pipeline " << config.pipeline << " is left by the name \""
            << for_people(arguments.what)
            << "\"; expected a run's id or a slice's key, as `pagehaul status` shows them, of a run that is "
               "not at work\n";
        return ExitCode::usage;
    }
    for (const std::string& slice : abandoned->slices)
        std::cout << "abandoned: " << for_people(slice) << '\n';
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
