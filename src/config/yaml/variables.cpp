#include "config/yaml/variables.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/utf8.h"

namespace pagehaul::config {

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    std::error_code code;
    if (std::filesystem::is_directory(path, code)) {
        return fail(ErrorKind::config, path, "cannot be read: it is a directory");
    }
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return fail(ErrorKind::config, path, std::string("cannot be read: ") + std::strerror(errno));
    std::string text(max_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return fail(ErrorKind::config, path, "cannot be read: the read failed");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_bytes) {
        return fail(ErrorKind::config, path, "is larger than " + std::to_string(max_bytes) + " bytes");
    }
    return text;
}

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
}

namespace {

bool is_variable_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
    const auto follows = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), follows);
}

/// As `echo` and editors end a text.
bool cut_newline(std::string& text) {
    const std::size_t size = text.size();
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text.size() < size;
}

tl::expected<std::string, std::string> file_text(const std::string& path, const VariableSources& sources) {
    auto text = sources.read_file(path, kMaxSecretBytes);
    if (!text) return tl::unexpected("${file:" + path + "} " + text.error().message);
    cut_newline(*text);
    return std::move(*text);
}

tl::expected<Expanded::Value, std::string> value_of(const std::string& reference,
                                                    const VariableSources& sources) {
    static constexpr std::string_view file = "file:";
    Expanded::Value value;
    if (reference.starts_with(file)) {
        const std::string path = reference.substr(file.size());
        if (!path.starts_with('/')) {
            return tl::unexpected("expected an absolute path in ${" + reference +
                                  "}, such as ${file:/run/token}");
        }
        auto text = file_text(path, sources);
        if (!text) return tl::unexpected(text.error());
        value = {.text = std::move(*text), .from_file = true};
    } else {
        if (!is_variable_name(reference)) {
            return tl::unexpected("expected ${NAME} or ${file:/path}, not ${" + reference +
                                  "}; a literal ${ is written $${");
        }
        auto text = sources.environment(reference);
        if (!text) return tl::unexpected("the environment variable " + reference + " is not set");
        value = {.text = std::move(*text), .from_file = false};
        if (cut_newline(value.text)) value.cut = reference;
    }
    if (utf8_first_bad(value.text) != std::string_view::npos) {
        return tl::unexpected("${" + reference + "} holds bytes that are not UTF-8 text");
    }
    return value;
}

}  // namespace

tl::expected<Expanded, std::string> expand(std::string_view raw, const VariableSources& sources) {
    Expanded out;
    for (std::size_t i = 0; i < raw.size();) {
        if (raw.substr(i).starts_with("$${")) {
            out.text += "${";
            i += 3;
        } else if (raw.substr(i).starts_with("${")) {
            const std::size_t end = raw.find('}', i);
            if (end == std::string_view::npos) {
                return tl::unexpected<std::string>(
                    "expected a closing } after ${; a literal ${ is written $${");
            }
            auto value = value_of(std::string(raw.substr(i + 2, end - i - 2)), sources);
            if (!value) return tl::unexpected(value.error());
            out.text += value->text;
            out.values.push_back(std::move(*value));
            i = end + 1;
        } else {
            out.text += raw[i++];
        }
    }
    return out;
}

namespace {

void expand_at(Node& node, const std::string& path, const VariableSources& sources, Expansions& expansions,
               Problems& problems) {
    if (node.is_scalar() && node.raw.find("${") != std::string::npos) {
        auto expanded = expand(node.raw, sources);
        // A failed expansion still counts as one, so that no type complains about the raw text too.
        node.has_variables = !expanded || !expanded->values.empty();
        if (!expanded) {
            problems.push_back({.place = node.place, .path = path, .text = expanded.error()});
            expansions[&node];
            return;
        }
        node.text = std::move(expanded->text);
        if (!expanded->values.empty()) expansions[&node] = std::move(expanded->values);
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        expand_at(node.items[i], join_path(path, std::to_string(i)), sources, expansions, problems);
    }
    for (auto& member : node.members) {
        expand_at(member.value, join_path(path, member.key), sources, expansions, problems);
    }
}

}  // namespace

Expansions expand_tree(Node& root, const VariableSources& sources, Problems& problems) {
    Expansions expansions;
    expand_at(root, "", sources, expansions, problems);
    return expansions;
}

}  // namespace pagehaul::config
