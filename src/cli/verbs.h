#pragma once

#include <string>
#include <vector>

#include "core/exit_code.h"
#include "ledger/start.h"

namespace pagehaul::cli {

/// What every verb that reads a config file takes.
struct ConfigArguments {
    std::string file;
    std::vector<std::string> set;  ///< "key.path=value", each
};

struct RunArguments {
    ConfigArguments config;
    std::string run_key;
    bool fresh = false;
};

struct CheckArguments {
    ConfigArguments config;
    bool offline = false;
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

ExitCode run(const RunArguments& arguments, ledger::StartRequest::Intent intent);
ExitCode plan(const ConfigArguments& arguments);
ExitCode check(const CheckArguments& arguments);
ExitCode status(const StatusArguments& arguments);
ExitCode report(const ReportArguments& arguments);
ExitCode abandon(const AbandonArguments& arguments);
ExitCode migrate(const ConfigArguments& arguments);
ExitCode schema();
ExitCode version();

}  // namespace pagehaul::cli
