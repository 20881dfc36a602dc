#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_set>

#include "config/declaration.h"
#include "config/fingerprint.h"
#include "config/streams.h"
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

std::vector<std::string> warnings_of(const Expansions& expansions) {
    std::set<std::string> cut;
    for (const auto& [node, values] : expansions) {
        for (const auto& value : values)
            if (!value.cut.empty()) cut.insert(value.cut);
    }
    std::vector<std::string> warnings;
    for (const auto& name : cut)
        warnings.push_back("the environment variable " + name + " ends in a newline, which is left out");
    return warnings;
}

/// What is shared is read with each stream, and told once.
Problems once_each(Problems problems) {
    std::unordered_set<std::string> seen;
    std::erase_if(problems, [&](const Problem& problem) { return !seen.insert(problem.line()).second; });
    return problems;
}

/// Reads the stream's own file into the rest of `config` and a new element of its streams.
void read_stream(StreamFile& file, const LoadOptions& options, Redactor& redactor, Config& config,
                 const Problems& of_file, Problems& problems) {
    // What is wrong with the file is known: nothing follows from it.
    Problems found = of_file;
    const Expansions expansions = expand_tree(file.root, options.variables, found);
    Reader reader(
        expansions, options.zone_exists, [&](std::string_view secret) { redactor.add(secret); }, found);
    Config alone;
    if (!file.name.empty()) alone.streams.push_back({.name = file.name, .source = {}, .sink = {}});
    declare_config().read(file.root, reader, alone);
    reader.collect_secrets();
    found.erase(found.begin(), found.begin() + std::ssize(of_file));
    place_in_file(file, found);
    problems.insert(problems.end(), found.begin(), found.end());
    Problems literals = reader.literals();
    place_in_file(file, literals);
    std::vector<std::string> warnings = warnings_of(expansions);
    for (const Problem& literal : presentable(std::move(literals), redactor))
        warnings.push_back(literal.line());
    std::vector<Stream> streams = std::move(config.streams);
    streams.push_back({.name = file.name, .source = alone.source, .sink = alone.sink, .stored = file.stored});
    for (std::string& warning : warnings)
        if (std::find(config.warnings.begin(), config.warnings.end(), warning) == config.warnings.end())
            config.warnings.push_back(std::move(warning));
    alone.warnings = std::move(config.warnings);
    config = std::move(alone);
    config.streams = std::move(streams);
}

/// Of the streams that are pulled, by their paths in the file.
void tell_fingerprint(const std::vector<StreamFile>& files, Config& config) {
    std::set<Line> lines;
    std::set<std::pair<std::string, std::string>> held;
    for (const Stream& stream : config.streams) {
        const auto file = std::find_if(files.begin(), files.end(),
                                       [&](const StreamFile& one) { return one.name == stream.name; });
        for (Line& line : fingerprint_lines(file->root, stream)) {
            line.path = path_in_file(*file, line.path);
            lines.insert(std::move(line));
        }
        if (!stream.stored) lines.insert({.path = "streams." + stream.name + ".store", .value = "false"});
        for (const auto& [path, value] : held_by_variables(file->root))
            held.emplace(path_in_file(*file, path), value);
    }
    for (const Line& line : lines) {
        const std::string text = line.path + " = " + line.value + "\n";
        config.fingerprint_text += text;
        if (!line.is_default) config.fingerprinted += text;
    }
    config.held.assign(held.begin(), held.end());
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
    const Problems of_file = problems;
    std::vector<StreamFile> files = split_streams(root, problems);
    Config config;
    for (StreamFile& file : files)
        read_stream(file, options, redactor, config, of_file, problems);
    if (problems.empty()) check_streams(config.streams, files, problems);
    if (problems.empty()) config.streams = selected(std::move(config.streams), options.streams, problems);
    if (!problems.empty()) return tl::unexpected(presentable(once_each(std::move(problems)), redactor));
    config.file = path;
    config.source = config.streams.front().source;
    config.sink = config.streams.front().sink;
    tell_fingerprint(files, config);
    const auto* const tokens = std::get_if<OAuth2>(&config.source.auth);
    if (tokens != nullptr && tokens->rotates && !tokens->encrypt_key)
        config.warnings.emplace_back(
            "source.auth.encrypt_key: the tokens in the ledger are not encrypted; expected encrypt_key: "
            "\"${PAGEHAUL_CREDENTIAL_KEY}\", what openssl rand -base64 32 gives");
    return config;
}

std::string json_schema() {
    Node schema = Node::mapping()
                      .with("$schema", Node::string("https://json-schema.org/draft/2020-12/schema"))
                      .with("title", Node::string("pagehaul pipeline"));
    for (auto& member : schema_with_streams(declare_config().schema()).members)
        schema.members.push_back(std::move(member));
    const Node variable = Node::mapping()
                              .with("description", Node::string("A value from ${NAME} or ${file:/path}."))
                              .with("type", Node::string("string"))
                              .with("pattern", Node::string("\\$\\{[^}]+\\}"));
    schema.with("$defs", Node::mapping().with("variable", variable));
    return to_json(schema, JsonStyle::indented) + "\n";
}

}  // namespace pagehaul::config
