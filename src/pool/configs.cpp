#include "pool/configs.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "queue/open.h"

namespace pagehaul::pool {

std::vector<std::filesystem::path> config_files(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const std::filesystem::path& path = at->path();
        const bool is_yaml = path.extension() == ".yaml" || path.extension() == ".yml";
        if (is_yaml && !path.filename().native().starts_with('.')) files.push_back(path);
    }
    if (error)
        throw Failure(ErrorKind::config, folder.native(), "the folder cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> problems(const std::vector<std::pair<std::string, config::Config>>& files) {
    std::vector<std::string> found;
    std::map<std::string, std::string> named;  // pipeline to file
    for (const auto& [file, config] : files) {
        if (const auto [first, is_new] = named.emplace(config.pipeline, file); !is_new)
            found.push_back(file + ": pipeline: " + config.pipeline + " is " + first->second + "'s already");
        if (!queue::is_brokered(config.queue))
            found.push_back(
                file +
                ": queue.type: expected a broker; a pipeline whose pages come from its ledger alone "
                "needs workers of its own, `pagehaul work -c " +
                file + "`");
        else if (queue::identity(config.queue) != queue::identity(files.front().second.queue))
            found.push_back(file + ": queue: expected the queue of " + files.front().first + ", " +
                            queue::describe(files.front().second.queue) + ", got " +
                            queue::describe(config.queue) + ": give all files of the folder the same");
    }
    return found;
}

}  // namespace pagehaul::pool
