#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/help.h"
#include "cli/setting.h"
#include "cli/verbs.h"
#include "core/printable.h"
#include "log/log.h"

namespace pagehaul::cli {
namespace {

/// The config file and its overrides, which most verbs take.
CLI::Option* take_config(CLI::App& verb, ConfigArguments& arguments) {
    CLI::Option* file = verb.add_option("-c,--config", arguments.file,
                                        "The pipeline's YAML file: what to pull, and where to store it")
                            ->required()
                            ->type_name("FILE");
    verb.add_option("--set", arguments.set,
                    "Override one key of the file: --set source.slices.date.from=2026-10-01; repeatable")
        ->type_name("KEY.PATH=VALUE")
        ->take_all()
        ->allow_extra_args(false);
    return file;
}

/// Which of the file's streams, for the verbs that ask the API.
void take_streams(CLI::App& verb, ConfigArguments& arguments) {
    verb.add_option("--stream", arguments.streams,
                    "Only this stream of the file, and those whose records make its slices; repeatable")
        ->type_name("NAME")
        ->take_all()
        ->allow_extra_args(false);
}

/// What a start does beside another run.
void take_if_busy(CLI::App& verb, RunArguments& arguments) {
    verb.add_option_function<std::string>(
            "--if-busy",
            [&arguments](const std::string& word) {
                arguments.if_busy = word == "wait"   ? engine::IfBusy::wait
                                    : word == "skip" ? engine::IfBusy::skip
                                                     : engine::IfBusy::fail;
            },
            "While another run of the pipeline is at work: fail with 75 (the default), wait for its end and "
            "begin then, or skip this run with 0")
        ->check(CLI::IsMember({"fail", "wait", "skip"}))
        ->type_name("WORD")
        ->envname("PAGEHAUL_IF_BUSY");
}

void add_work(CLI::App& app, WorkArguments& arguments, ExitCode& code) {
    CLI::App* verb = app.add_subcommand(
        "work", "Help the pipeline's run that is in progress, whoever began it; plans nothing");
    CLI::Option* file = take_config(*verb, arguments.run.config)->required(false);
    take_streams(*verb, arguments.run.config);
    CLI::Option* folder =
        verb->add_option("--configs", arguments.configs,
                         "Instead of -c: a folder of such files, whose pipelines share a broker's queue")
            ->type_name("FOLDER")
            ->excludes(file)
            ->excludes("--set");
    verb->add_option("--at-once", arguments.at_once, "Pipelines of the folder that are worked on at once")
        ->check(CLI::Range(1, 64))
        ->needs(folder)
        ->capture_default_str();
    verb->add_option("--turn", arguments.turn,
                     "Seconds after which a pipeline makes room where others wait for it")
        ->check(CLI::Range(0, 86'400))
        ->needs(folder)
        ->capture_default_str();
    // What a pool tells the workers that it starts: no group, so that no help shows them.
    verb->add_option("--relay", arguments.relay)->group("")->needs(file);
    verb->add_option("--share", arguments.share)->group("")->check(CLI::Range(1, 64))->needs(file);
    verb->footer(help::work);
    verb->callback([file, folder, &arguments, &code] {
        if (file->count() + folder->count() == 0) throw CLI::RequiredError("--config or --configs");
        code = folder->count() > 0 ? work_pool(arguments) : work(arguments);
    });
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
    take_streams(*run_verb, run_arguments.config);
    run_verb
        ->add_option(
            "--run-key", run_arguments.run_key,
            "Names the run: started again with the same key, it resumes (in Kubernetes the Job's UID)")
        ->envname("PAGEHAUL_RUN_KEY");
    take_if_busy(*run_verb, run_arguments);
    run_verb->add_flag("--fresh", run_arguments.fresh,
                       "Start a new run: adopt and carry over nothing of unfinished ones");
    run_verb->footer(help::run);
    run_verb->callback(
        [&] { code = run(run_arguments, ledger::StartRequest::Intent::run, engine::Part::whole); });

    WorkArguments work_arguments;
    add_work(app, work_arguments, code);

    EnqueueArguments enqueue_arguments;
    CLI::App* enqueue_verb =
        app.add_subcommand("enqueue", "Plan a run and tell workers of its pages; pulls nothing itself");
    take_config(*enqueue_verb, enqueue_arguments.run.config);
    take_streams(*enqueue_verb, enqueue_arguments.run.config);
    enqueue_verb->add_option("--run-key", enqueue_arguments.run.run_key, "Names the run, as for `run`")
        ->envname("PAGEHAUL_RUN_KEY");
    take_if_busy(*enqueue_verb, enqueue_arguments.run);
    enqueue_verb->add_flag("--fresh", enqueue_arguments.run.fresh,
                           "Start a new run: adopt and carry over nothing of unfinished ones");
    enqueue_verb->add_flag("--wait", enqueue_arguments.wait,
                           "Stay until the run is complete, and end with its verdict");
    enqueue_verb->footer(help::enqueue);
    enqueue_verb->callback([&] {
        code = run(enqueue_arguments.run, ledger::StartRequest::Intent::run,
                   enqueue_arguments.wait ? engine::Part::watch : engine::Part::tell);
    });

    ConfigArguments plan_arguments;
    CLI::App* plan_verb =
        app.add_subcommand("plan", "Show slices, pages, requests and expected time; stores nothing");
    take_config(*plan_verb, plan_arguments);
    take_streams(*plan_verb, plan_arguments);
    plan_verb->footer(help::plan);
    plan_verb->callback([&] { code = plan(plan_arguments); });

    CheckArguments check_arguments;
    CLI::App* check_verb = app.add_subcommand(
        "check", "Try config, secrets, API, database, queue, Pushgateway and collector: one line each");
    take_config(*check_verb, check_arguments.config);
    take_streams(*check_verb, check_arguments.config);
    check_verb->add_flag("--offline", check_arguments.offline, "The config alone: connect to nothing");
    check_verb
        ->add_option("--processes", check_arguments.processes,
                     "So many are to work at once: are there connections for them?")
        ->check(CLI::Range(1, 10'000));
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
    take_streams(*retry_verb, retry_arguments.config);
    retry_verb->add_option("--run-key", retry_arguments.run_key, "Names the new run")
        ->envname("PAGEHAUL_RUN_KEY");
    take_if_busy(*retry_verb, retry_arguments);
    retry_verb->footer(help::retry);
    retry_verb->callback(
        [&] { code = run(retry_arguments, ledger::StartRequest::Intent::retry, engine::Part::whole); });

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
        std::cerr << "pagehaul: " << printable(error.what())
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
        std::cerr << printable_lines(redacted(failure.error().text())) << '\n';
        return static_cast<int>(exit_code_for(failure.error().kind));
    } catch (const std::exception& error) {
        log::error("a bug", {{"error", std::string(error.what())}});
        return static_cast<int>(ExitCode::bug);
    }
}

}  // namespace pagehaul::cli
