#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/setting.h"
#include "cli/verbs.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

constexpr const char* kFooter = R"(
Exit codes:
  0    every page stored, completeness proven
  64   wrong command line
  65   data refused: quarantine over its limit, a page refused for good, or a proof that came out wrong
  69   API or database stayed unavailable beyond the patience, or a page's attempts ran out; run it again
  70   a bug
  75   incomplete but resumable: deadline reached, or another run holds the lock
  77   the API or the database refused our credentials
  78   bad config, or a ledger schema newer than this binary
  130  stopped by SIGINT; resumable
  143  stopped by SIGTERM; resumable

Environment: PAGEHAUL_RUN_KEY stands for --run-key, PAGEHAUL_SET for --set (one override a line);
HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed.)";

/// The config file and its overrides, which most verbs take.
void take_config(CLI::App& verb, ConfigArguments& arguments) {
    verb.add_option("-c,--config", arguments.file, "The pipeline's YAML file")->required()->type_name("FILE");
    verb.add_option("--set", arguments.set,
                    "Override one key of the file: --set source.slices.date.from=2026-10-01; repeatable")
        ->type_name("KEY.PATH=VALUE")
        ->take_all()
        ->allow_extra_args(false);
}

ExitCode dispatch(int argc, const char* const* argv) {
    CLI::App app(
        "pagehaul pulls a paginated REST API into Postgres: pages in parallel, a ledger of pages in the "
        "same\n"
        "transaction as the data, and a proof at the end that nothing is missing.\n",
        "pagehaul");
    app.require_subcommand(1);
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("pagehaul ") + std::string(build_version()));
    ExitCode code = ExitCode::bug;

    RunArguments run_arguments;
    CLI::App* run_verb =
        app.add_subcommand("run", "Plan, fetch and store: the main job. Resumes what an earlier run left");
    take_config(*run_verb, run_arguments.config);
    run_verb
        ->add_option(
            "--run-key", run_arguments.run_key,
            "Names the run: started again with the same key, it resumes (in Kubernetes the Job's UID)")
        ->envname("PAGEHAUL_RUN_KEY");
    run_verb->add_flag("--fresh", run_arguments.fresh,
                       "Start a new run: adopt and carry over nothing of unfinished ones");
    run_verb->callback([&] { code = run(run_arguments, ledger::StartRequest::Intent::run); });

    ConfigArguments plan_arguments;
    CLI::App* plan_verb =
        app.add_subcommand("plan", "Show slices, pages, requests and expected time; stores nothing");
    take_config(*plan_verb, plan_arguments);
    plan_verb->callback([&] { code = plan(plan_arguments); });

    CheckArguments check_arguments;
    CLI::App* check_verb =
        app.add_subcommand("check", "Try config, secrets, API, database and Pushgateway: one line each");
    take_config(*check_verb, check_arguments.config);
    check_verb->add_flag("--offline", check_arguments.offline, "The config alone: connect to nothing");
    check_verb->callback([&] { code = check(check_arguments); });

    StatusArguments status_arguments;
    CLI::App* status_verb =
        app.add_subcommand("status", "Show the last runs, open holes, unproven slices and quarantine");
    take_config(*status_verb, status_arguments.config);
    status_verb->add_flag("--json", status_arguments.json, "As one JSON document");
    status_verb->add_option("--runs", status_arguments.runs, "How many runs to show")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    status_verb->callback([&] { code = status(status_arguments); });

    RunArguments retry_arguments;
    CLI::App* retry_verb =
        app.add_subcommand("retry", "Pull the slices again in which rows were quarantined or pages failed");
    take_config(*retry_verb, retry_arguments.config);
    retry_verb->add_option("--run-key", retry_arguments.run_key, "Names the new run")
        ->envname("PAGEHAUL_RUN_KEY");
    retry_verb->callback([&] { code = run(retry_arguments, ledger::StartRequest::Intent::retry); });

    ConfigArguments migrate_arguments;
    CLI::App* migrate_verb = app.add_subcommand("migrate", "Create or upgrade the ledger's tables");
    take_config(*migrate_verb, migrate_arguments);
    migrate_verb->callback([&] { code = migrate(migrate_arguments); });

    app.add_subcommand("schema", "Print the JSON Schema of the config file")->callback([&] {
        code = schema();
    });
    app.add_subcommand("version", "Print the version")->callback([&] { code = version(); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        app.exit(help);
        return ExitCode::ok;
    } catch (const CLI::ParseError& error) {
        std::cerr << "pagehaul: " << error.what()
                  << "\nRun `pagehaul --help` for the verbs and their options.\n";
        return ExitCode::usage;
    }
    return code;
}

}  // namespace

int run_app(int argc, const char* const* argv) {
    try {
        return static_cast<int>(dispatch(argc, argv));
    } catch (const Failure& failure) {
        // A config's problems are for people to read as they are, not as one escaped log field.
        std::cerr << redacted(failure.error().text()) << '\n';
        return static_cast<int>(exit_code_for(failure.error().kind));
    } catch (const std::exception& error) {
        log::error("a bug", {{"error", std::string(error.what())}});
        return static_cast<int>(ExitCode::bug);
    }
}

}  // namespace pagehaul::cli
