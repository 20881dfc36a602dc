#include <algorithm>
#include <utility>

#include "cli/setting.h"
#include "core/join.h"
#include "engine/shared/grace_policy.h"
#include "log/log.h"
#include "pool/configs.h"
#include "pool/pool.h"
#include "queue/open.h"

namespace pagehaul::cli {
namespace {

using Files = std::vector<std::pair<std::string, config::Config>>;

/// A worker that is stopped has ended so long after its drain: src/engine/README.md, "Stop".
constexpr Nanos after_drain = std::chrono::seconds{15};

/// One pipeline's mistake is not the others': its file is left out, and told of.
Files read_all(const std::string& folder) {
    Files files;
    std::vector<std::string> bad;
    for (const auto& path : pool::config_files(folder)) {
        try {
            files.emplace_back(path.native(), read_config({.file = path.native(), .set = {}}));
        } catch (const Failure& failure) {
            bad.push_back(failure.error().text());
        }
    }
    if (!files.empty()) set_up_log(files.front().second);
    if (files.empty())
        throw Failure(ErrorKind::config, "",
                      bad.empty() ? folder + ": expected a *.yaml or *.yml in this folder" : join(bad, "\n"));
    for (const std::string& problem : bad)
        log::error("a config is left out", {{"error", problem}});
    return files;
}

pool::Options options_for(const Files& files, const WorkArguments& arguments) {
    pool::Options options{.members = {},
                          .at_once = static_cast<std::size_t>(arguments.at_once),
                          .turn = std::chrono::seconds{arguments.turn},
                          .idle = Nanos{0},
                          .drain = Nanos{0}};
    for (const auto& [file, config] : files) {
        options.members.push_back({.pipeline = config.pipeline, .file = file});
        options.idle = std::max<Nanos>(options.idle, queue::idle(config.queue));
        options.drain = std::max<Nanos>(options.drain, config.run.drain + after_drain);
    }
    // Each worker fits its own stop into it.
    if (const auto grace = told_grace())
        options.drain = std::min<Nanos>(options.drain, *grace - engine::kGraceMargin);
    return options;
}

}  // namespace

ExitCode work_pool(const WorkArguments& arguments) {
    const Files files = read_all(arguments.configs);
    if (const auto problems = pool::problems(files); !problems.empty())
        throw Failure(ErrorKind::config, "", join(problems, "\n"));
    pool::Options options = options_for(files, arguments);
    const config::Queue& queue = files.front().second.queue;
    Setting setting;
    const Clock& clock = system_clock();
    const MonoTime began = clock.now();
    log::info("pool started", {{"pipelines", files.size()}});
    pool::Pool pool(options, queue::open_consumer(queue, pool::prefetch(options.at_once), clock),
                    queue::open_publisher(queue, clock), clock);
    const pool::Outcome outcome = pool.work(setting.stop());
    log::info("pool ended", {{"reason", outcome.reason},
                             {"exit_code", static_cast<int>(outcome.code)},
                             {"duration_ms", clock.now() - began}});
    return outcome.code;
}

}  // namespace pagehaul::cli
