#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/help.h"
#include "cli/setting.h"
#include "cli/verbs.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

/// The config file and its overrides, which most verbs take.
void take_config(CLI::App& verb, ConfigArguments& arguments) {
    verb.add_option("-c,--config", arguments.file,
                    "The pipeline's YAML file: what to pull, and where to store it")
        ->required()
        ->type_name("FILE");
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
    // A word that is no verb is told as such only when no verb is demanded here: see below.
    app.require_subcommand(0, 1);
    app.get_formatter()->label("SUBCOMMAND", "VERB -c FILE");
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
    run_verb->footer(help::run);
    run_verb->callback([&] { code = run(run_arguments, ledger::StartRequest::Intent::run); });

    ConfigArguments plan_arguments;
    CLI::App* plan_verb =
        app.add_subcommand("plan", "Show slices, pages, requests and expected time; stores nothing");
    take_config(*plan_verb, plan_arguments);
    plan_verb->footer(help::plan);
    plan_verb->callback([&] { code = plan(plan_arguments); });

    CheckArguments check_arguments;
    CLI::App* check_verb = app.add_subcommand(
        "check", "Try config, secrets, API, database, Pushgateway and collector: one line each");
    take_config(*check_verb, check_arguments.config);
    check_verb->add_flag("--offline", check_arguments.offline, "The config alone: connect to nothing");
    check_verb->footer(help::check);
    check_verb->callback([&] { code = check(check_arguments); });

    StatusArguments status_arguments;
    CLI::App* status_verb =
        app.add_subcommand("status", "Show the last runs, open holes, unproven slices and quarantine");
    take_config(*status_verb, status_arguments.config);
    status_verb->add_flag("--json", status_arguments.json, "As one JSON document");
    status_verb->add_option("--runs", status_arguments.runs, "How many runs to show")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    status_verb->footer(help::status);
    status_verb->callback([&] { code = status(status_arguments); });

    ReportArguments report_arguments;
    CLI::App* report_verb = app.add_subcommand(
        "report", "Make one run a page to look at: verdict, completeness, latency, quarantine");
    take_config(*report_verb, report_arguments.config);
    report_verb
        ->add_option("RUN", report_arguments.run, "The run's id, as `pagehaul status` shows it, or `last`")
        ->required();
    report_verb
        ->add_option("--html", report_arguments.html,
                     "Where the page goes: a file, replaced when it is whole; - for stdout")
        ->required()
        ->type_name("FILE");
    report_verb->footer(help::report);
    report_verb->callback([&] { code = report(report_arguments); });

    RunArguments retry_arguments;
    CLI::App* retry_verb =
        app.add_subcommand("retry", "Pull the slices again in which rows were quarantined or pages failed");
    take_config(*retry_verb, retry_arguments.config);
    retry_verb->add_option("--run-key", retry_arguments.run_key, "Names the new run")
        ->envname("PAGEHAUL_RUN_KEY");
    retry_verb->footer(help::retry);
    retry_verb->callback([&] { code = run(retry_arguments, ledger::StartRequest::Intent::retry); });

    AbandonArguments abandon_arguments;
    CLI::App* abandon_verb =
        app.add_subcommand("abandon", "Give up what unfinished runs left, so that nobody pulls it again");
    take_config(*abandon_verb, abandon_arguments.config);
    abandon_verb
        ->add_option("RUN|SLICE", abandon_arguments.what,
                     "A run's id or a slice's key, as `pagehaul status` shows them")
        ->required();
    abandon_verb->add_option("--why", abandon_arguments.why, "The reason, kept in the ledger")
        ->required()
        ->type_name("TEXT");
    abandon_verb->footer(help::abandon);
    abandon_verb->callback([&] { code = abandon(abandon_arguments); });

    ConfigArguments migrate_arguments;
    CLI::App* migrate_verb = app.add_subcommand("migrate", "Create or upgrade the ledger's tables");
    take_config(*migrate_verb, migrate_arguments);
    migrate_verb->footer(help::migrate);
    migrate_verb->callback([&] { code = migrate(migrate_arguments); });

    app.add_subcommand("schema",
                       "Print the JSON Schema of the config file: every key, its values, its default")
        ->footer(help::schema)
        ->callback([&] { code = schema(); });
    app.add_subcommand("version", "Print the version")->callback([&] { code = version(); });

    for (CLI::App* verb : app.get_subcommands({}))
        verb->group("Verbs");
    // Last: a verb made after it would inherit it.
    app.footer(help::program);

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
    if (app.get_subcommands().empty()) {
        std::cerr << "pagehaul: expected a verb, such as `pagehaul run -c pipeline.yaml`\n"
                     "Run `pagehaul --help` for the verbs and their options.\n";
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
