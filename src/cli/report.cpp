#include <charconv>
#include <iostream>

#include "cli/page_file.h"
#include "cli/setting.h"
#include "engine/shared/connecting.h"
#include "report/read.h"
#include "report/render.h"

namespace pagehaul::cli {
namespace {

/// What is wrong with the command line, found out after it was parsed.
struct WrongCall {
    std::string why;
};

std::optional<std::int64_t> run_of(const std::string& text) {
    if (text == "last") return std::nullopt;
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id < 1)
        throw WrongCall{"RUN: expected the id of a run or `last`, got `" + text + "`"};
    return id;
}

ExitCode make_report(const ReportArguments& arguments) {
    const std::optional<std::int64_t> run = run_of(arguments.run);
    const config::Config config = load_config(arguments.config);
    postgres::Connection connection(engine::connect_options(config, "report"));
    auto answer = report::read_run(connection, {.schema = config.ledger.schema,
                                                .pipeline = config.pipeline,
                                                .run = run,
                                                .stale = config.run.stale,
                                                .pgbouncer = config.sink.pgbouncer,
                                                .clean = redacted});
    if (const auto* none = std::get_if<report::NoSuchRun>(&answer)) throw WrongCall{"RUN: " + none->why};
    auto& found = std::get<report::RunReport>(answer);
    found.version = std::string(build_version());
    if (const auto fault = write_page(arguments.html, report::render(found)))
        throw WrongCall{"--html " + *fault};
    return ExitCode::ok;
}

}  // namespace

ExitCode report(const ReportArguments& arguments) {
    try {
        return make_report(arguments);
    } catch (const WrongCall& wrong) {
        std::cerr << "pagehaul report: " << for_people(wrong.why) << '\n';
        return ExitCode::usage;
    }
}

}  // namespace pagehaul::cli
