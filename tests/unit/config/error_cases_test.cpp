#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "config/yaml/variables.h"

namespace pagehaul::config {
namespace {

// tests/functional/config_errors/*.yaml: leading comments say what is expected ("# expect: ", FILE being the
// file's name; one line a problem), given by --set ("# set: ") and in the environment ("# env: ").
std::filesystem::path folder() {
    return std::filesystem::path(PAGEHAUL_SOURCE_DIR) / "tests/functional/config_errors";
}

struct Case {
    std::vector<std::string> expect;
    std::vector<std::string> set;
    std::vector<std::pair<std::string, std::string>> environment;
};

Case read_case(const std::string& path) {
    Case result;
    std::ifstream stream(path);
    for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
        const auto colon = line.find(": ");
        if (colon == std::string::npos) break;
        const std::string word = line.substr(2, colon - 2);
        std::string text = line.substr(colon + 2);
        if (word == "expect") {
            if (text.starts_with("FILE")) text = path + text.substr(4);
            result.expect.push_back(std::move(text));
        } else if (word == "set") {
            result.set.push_back(std::move(text));
        } else if (word == "env") {
            result.environment.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
        }
    }
    return result;
}

std::vector<std::string> case_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        if (entry.path().extension() == ".yaml") files.push_back(entry.path().lexically_normal().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

class ConfigErrorCase : public testing::TestWithParam<std::string> {};

TEST_P(ConfigErrorCase, IsRefusedWithExactTextAndPlace) {
    const Case expected = read_case(GetParam());
    ASSERT_FALSE(expected.expect.empty()) << "the case says nothing of what it expects";
    LoadOptions options;
    options.set = expected.set;
    options.variables.environment = [&](const std::string& name) -> std::optional<std::string> {
        for (const auto& [key, value] : expected.environment) {
            if (key == name) return value;
        }
        return std::nullopt;
    };
    const auto config = load(GetParam(), options);
    ASSERT_FALSE(config.has_value()) << "the config was accepted";
    std::vector<std::string> found;
    for (const auto& problem : config.error()) {
        found.push_back(problem.line());
        EXPECT_EQ(found.back().find("canary"), std::string::npos) << "a secret is printed";
    }
    EXPECT_EQ(found, expected.expect);
}

INSTANTIATE_TEST_SUITE_P(Files, ConfigErrorCase, testing::ValuesIn(case_files()), [](const auto& param_info) {
    return std::filesystem::path(param_info.param).stem().string();
});

}  // namespace
}  // namespace pagehaul::config
