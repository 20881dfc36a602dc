#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/exit_code.h"
#include "engine/part.h"
#include "engine/shared/busy_policy.h"
#include "ledger/start.h"

namespace pagehaul::cli {

/// What every verb that reads a config file takes.
struct ConfigArguments {
    std::string file;
    std::vector<std::string> set;        ///< "key.path=value", each
    std::vector<std::string> streams{};  ///< only these; empty: all
};

struct RunArguments {
    ConfigArguments config;
    std::string run_key;
    bool fresh = false;
    engine::IfBusy if_busy = engine::IfBusy::fail;
};

/// `work` of a pool's worker: what the pool tells it.
struct WorkArguments {
    RunArguments run;
    std::optional<int> relay{};  ///< a socket to the pool
    int share = 1;
    // Or, instead of all that, of a pool:
    std::string configs;  ///< a folder
    int at_once = 2;
    int turn = 30;  ///< seconds
};

struct EnqueueArguments {
    RunArguments run;
    bool wait = false;
};

struct CheckArguments {
    ConfigArguments config;
    bool offline = false;
    int processes = 0;  ///< that are to work at once; 0: not asked
};

struct StatusArguments {
    ConfigArguments config;
    bool json = false;
    int runs = 5;
};

struct ReportArguments {
    ConfigArguments config;
    std::string run;   ///< an id, or "last"
    std::string html;  ///< a file, or "-" for stdout
};

struct AbandonArguments {
    ConfigArguments config;
    std::string what;  ///< a run's id or a slice's key
    std::string why;
};

// One file a verb. Data goes to stdout, the log to stderr.

ExitCode run(const RunArguments& arguments, ledger::StartRequest::Intent intent, engine::Part part);
ExitCode work(const WorkArguments& arguments);
/// Work for all pipelines of a folder.
ExitCode work_pool(const WorkArguments& arguments);
ExitCode plan(const ConfigArguments& arguments);
ExitCode check(const CheckArguments& arguments);
ExitCode status(const StatusArguments& arguments);
ExitCode report(const ReportArguments& arguments);
ExitCode abandon(const AbandonArguments& arguments);
ExitCode migrate(const ConfigArguments& arguments);
ExitCode schema();
ExitCode version();

}  // namespace pagehaul::cli
