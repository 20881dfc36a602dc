// The command line, an argument a line. The verbs stand here, and do nothing but note that they were called:
// app.cpp is linked against these.

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/setting.h"
#include "cli/verbs.h"
#include "property.h"

using namespace pagehaul;
using fuzz::must;

namespace {

int called = 0;

ExitCode note(const cli::ConfigArguments& arguments) {
    ++called;
    for (const std::string& one : arguments.set)
        must(one.find('\0') == std::string::npos, "an override is an argument");
    return ExitCode::incomplete;
}

}  // namespace

namespace pagehaul::cli {

ExitCode run(const RunArguments& arguments, ledger::StartRequest::Intent intent, engine::Part) {
    must(intent == ledger::StartRequest::Intent::run || !arguments.fresh, "only a run is fresh");
    return note(arguments.config);
}
ExitCode work(const WorkArguments& arguments) {
    return note(arguments.run.config);
}
ExitCode work_pool(const WorkArguments& arguments) {
    must(arguments.at_once >= 1 && arguments.turn >= 0, "a pool has bounds");
    return note(arguments.run.config);
}
ExitCode plan(const ConfigArguments& arguments) {
    return note(arguments);
}
ExitCode check(const CheckArguments& arguments) {
    return note(arguments.config);
}
ExitCode status(const StatusArguments& arguments) {
    must(arguments.runs >= 1 && arguments.runs <= 1000, "--runs is bounded", std::to_string(arguments.runs));
    return note(arguments.config);
}
ExitCode report(const ReportArguments& arguments) {
    return note(arguments.config);
}
ExitCode abandon(const AbandonArguments& arguments) {
    return note(arguments.config);
}
ExitCode migrate(const ConfigArguments& arguments) {
    return note(arguments);
}
ExitCode schema() {
    return note({});
}
ExitCode version() {
    return note({});
}
std::string_view build_version() {
    return "0";
}
std::string redacted(std::string_view text) {
    return std::string(text);
}

}  // namespace pagehaul::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text_of(data, size);
    std::vector<std::string> words{"pagehaul"};
    for (fuzz::Parts parts(input); !parts.done() && words.size() < 20;)
        words.emplace_back(std::string(parts.line()).c_str());  // an argument ends at its NUL
    std::vector<const char*> argv;
    for (const std::string& word : words)
        argv.push_back(word.c_str());

    called = 0;
    std::ostringstream said, data_out;
    std::streambuf* const err = std::cerr.rdbuf(said.rdbuf());
    std::streambuf* const out = std::cout.rdbuf(data_out.rdbuf());
    const int code = cli::run_app(static_cast<int>(argv.size()), argv.data());
    std::cerr.rdbuf(err);
    std::cout.rdbuf(out);

    must(called <= 1, "one command line, one verb");
    must(called == 0 || code == static_cast<int>(ExitCode::incomplete),
         "the verb's exit code is the program's", std::to_string(code));
    must(called == 1 || code == 0 || code == static_cast<int>(ExitCode::usage),
         "else it is help, or wrong usage", std::to_string(code));
    must(code != static_cast<int>(ExitCode::usage) || !said.str().empty(), "what is wrong is told");
    for (const char c : said.str())
        must(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "a terminal is told nothing but text",
             said.str());
    return 0;
}
