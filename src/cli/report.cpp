#include "report/read.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/setting.h"
#include "engine/start_up.h"
#include "report/render.h"

namespace pagehaul::cli {
namespace {

namespace fs = std::filesystem;

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

std::string errno_text() {
    return std::strerror(errno);
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

/// An older report may be replaced; a file that is none was named by mistake, such as the config.
void refuse_other_files(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string begin(15, '\0');
    file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
    begin.resize(static_cast<std::size_t>(file.gcount()));
    if (begin.empty()) return;
    for (char& c : begin)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (begin != "<!doctype html>")
        throw WrongCall{"--html " + path.string() +
                        ": there is a file that is no HTML page; it is not overwritten"};
}

/// Whole or not at all: a new file beside it takes its place.
void replace(const fs::path& path, std::string_view page) {
    const std::string beside = path.string() + "." + std::to_string(::getpid()) + ".tmp";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) throw WrongCall{"--html " + path.string() + ": " + errno_text()};
    const bool written = write_all(file, page);
    const std::string why = written ? "" : errno_text();
    if (::close(file) == 0 && written && ::rename(beside.c_str(), path.c_str()) == 0) return;
    const std::string reason = why.empty() ? errno_text() : why;
    ::unlink(beside.c_str());
    throw WrongCall{"--html " + path.string() + ": " + reason};
}

/// What a link points to is replaced, not the link; it may not be there yet.
fs::path behind_links(fs::path path) {
    constexpr int most = 40;  // as Linux follows
    std::error_code unknown;
    for (int i = 0; i < most && fs::is_symlink(path, unknown); ++i)
        path = path.parent_path() / fs::read_symlink(path, unknown);
    return path;
}

void write_page(const std::string& to, std::string_view page) {
    if (to == "-") {
        if (!write_all(STDOUT_FILENO, page)) throw WrongCall{"--html -: " + errno_text()};
        return;
    }
    std::error_code unknown;
    const fs::path path = behind_links(to);
    const fs::file_status status = fs::status(path, unknown);
    if (fs::is_directory(status)) throw WrongCall{"--html " + to + ": is a directory, expected a file"};
    if (fs::exists(status) &&
        !fs::is_regular_file(status)) {  // a pipe or a device takes the page as it comes
        const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        const bool written = file >= 0 && write_all(file, page);
        const std::string why = written ? "" : errno_text();
        if (file >= 0) ::close(file);
        if (!written) throw WrongCall{"--html " + to + ": " + why};
        return;
    }
    refuse_other_files(path);
    replace(path, page);
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
    write_page(arguments.html, report::render(found));
    return ExitCode::ok;
}

}  // namespace

ExitCode report(const ReportArguments& arguments) {
    try {
        return make_report(arguments);
    } catch (const WrongCall& wrong) {
        std::cerr << "pagehaul report: " << redacted(wrong.why) << '\n';
        return ExitCode::usage;
    }
}

}  // namespace pagehaul::cli
