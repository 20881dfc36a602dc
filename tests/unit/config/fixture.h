#pragma once

#include <map>
#include <string>

#include "config/load.h"

namespace pagehaul::config {

/// Loads configs from memory: files, environment and time zones are maps.
struct Fixture {
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> files;
    std::vector<std::string> set;
    Redactor redactor;

    LoadOptions options() {
        LoadOptions options;
        options.variables.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            if (found == environment.end()) return std::nullopt;
            return found->second;
        };
        options.variables.read_file = [this](const std::string& path,
                                             std::size_t max) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return fail(ErrorKind::config, path, "cannot be read: no such file");
            if (found->second.size() > max) return fail(ErrorKind::config, path, "is too large");
            return found->second;
        };
        options.zone_exists = [](const std::string& zone) {
            return zone == "Asia/Shanghai" || zone == "Etc/UTC" || zone == "Europe/Berlin";
        };
        options.set = set;
        options.redactor = &redactor;
        return options;
    }

    tl::expected<Config, std::vector<Problem>> load(const std::string& yaml) {
        files["p.yaml"] = yaml;
        return config::load("p.yaml", options());
    }

    /// The problems as text; "" if there are none.
    std::string problems(const std::string& yaml) {
        const auto config = load(yaml);
        return config ? "" : to_text(config.error());
    }
};

/// What is required, and nothing else. `extra` goes to the end: top-level keys.
inline std::string minimal(const std::string& source = "", const std::string& sink = "",
                           const std::string& extra = "") {
    return "pipeline: p\n"
           "source:\n"
           "  base_url: http://api.test\n"
           "  request: {path: /rows, query: {page: \"{{ page.number }}\"}}\n"
           "  records: /rows\n" +
           source +
           "sink:\n"
           "  dsn: postgres://me:canary-password@db/app\n"
           "  table: t\n"
           "  key: [id]\n"
           "  columns: [{name: id, type: bigint}]\n" +
           sink + extra;
}

}  // namespace pagehaul::config
