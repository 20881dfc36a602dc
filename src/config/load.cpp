#include "config/load.h"

#include <algorithm>
#include <filesystem>

#include "config/declaration.h"
#include "config/fingerprint.h"
#include "config/yaml/yaml.h"

namespace pagehaul::config {
namespace {

Problem problem_of_file(const std::string& path, std::string text) {
    return {.place = {.origin = path}, .path = {}, .text = std::move(text)};
}

std::vector<Override> all_overrides(const LoadOptions& options) {
    std::vector<Override> overrides;
    if (const auto value = options.variables.environment("PAGEHAUL_SET")) {
        overrides = overrides_from_environment(*value);
    }
    for (const auto& text : options.set)
        overrides.push_back({.text = text, .origin = "--set " + text});
    return overrides;
}

// The file's problems by place; those of overrides, which have no line, come last in their order.
Problems presentable(Problems problems, const Redactor& redactor) {
    const auto key = [](const Problem& problem) {
        return problem.place.line == 0 ? std::pair(1, std::pair(0, 0))
                                       : std::pair(0, std::pair(problem.place.line, problem.place.column));
    };
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
    for (auto& problem : problems) {
        problem.place.origin = redactor.redact(problem.place.origin);
        problem.text = redactor.redact(problem.text);
    }
    return problems;
}

}  // namespace

bool zone_exists(const std::string& zone) {
    std::error_code code;
    return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone, code);
}

tl::expected<Config, std::vector<Problem>> load(const std::string& path, const LoadOptions& options) {
    Redactor own;
    Redactor& redactor = options.redactor != nullptr ? *options.redactor : own;
    Problems problems;
    const auto text = options.variables.read_file(path, kMaxFileBytes);
    if (!text) {
        problems.push_back(problem_of_file(path, text.error().message));
        return tl::unexpected(std::move(problems));
    }
    Node root = parse_yaml(*text, path, problems);
    // What follows a syntax error is unknown: missing keys would be no news.
    if (root.is_null()) return tl::unexpected(presentable(std::move(problems), redactor));
    for (const auto& override : all_overrides(options))
        apply_override(root, override, problems);
    const Expansions expansions = expand_tree(root, options.variables, problems);

    Reader reader(
        expansions, options.zone_exists, [&](std::string_view secret) { redactor.add(secret); }, problems);
    Config config;
    config.file = path;
    declare_config().read(root, reader, config);
    reader.collect_secrets();
    if (!problems.empty()) return tl::unexpected(presentable(std::move(problems), redactor));
    config.fingerprint_text = fingerprint_text(root, config);
    config.held = held_by_variables(root);
    return config;
}

std::string json_schema() {
    Node schema = Node::mapping()
                      .with("$schema", Node::string("https://json-schema.org/draft/2020-12/schema"))
                      .with("title", Node::string("pagehaul pipeline"));
    for (auto& member : declare_config().schema().members)
        schema.members.push_back(std::move(member));
    const Node variable = Node::mapping()
                              .with("description", Node::string("A value from ${NAME} or ${file:/path}."))
                              .with("type", Node::string("string"))
                              .with("pattern", Node::string("\\$\\{[^}]+\\}"));
    schema.with("$defs", Node::mapping().with("variable", variable));
    return to_json(schema, JsonStyle::indented) + "\n";
}

}  // namespace pagehaul::config
