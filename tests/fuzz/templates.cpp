// Request templates: line 1 a text, line 2 the value of {{ slice.v }}, the rest a JSON body. What the
// config's check lets pass compiles, and what a template becomes decodes to what its placeholders stand for.

#include "source/template.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "config/placeholders.h"
#include "core/percent.h"
#include "core/utf8.h"
#include "property.h"

using namespace pagehaul;
using fuzz::must;
using source::Encoding;
using source::Template;

namespace {

constexpr std::array<std::string_view, 4> kNames{"page.number", "page.offset", "page.size", "slice.v"};

/// The placeholders' names, if none has a filter: those are tested by hand.
std::optional<std::vector<std::string>> plain_names(std::string_view text) {
    const auto found = config::read_placeholders(text);
    if (!found) return std::nullopt;
    std::vector<std::string> names;
    for (const auto& placeholder : *found) {
        if (placeholder.filter) return std::nullopt;
        names.push_back(placeholder.name);
    }
    return names;
}

bool all_known(const std::vector<std::string>& names) {
    return std::all_of(names.begin(), names.end(), [](const std::string& name) {
        return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
    });
}

std::string meaning(std::string_view name, const source::TemplateValues& values) {
    if (name == "page.number") return std::to_string(values.page_number);
    if (name == "page.offset") return std::to_string(values.page_offset);
    if (name == "page.size") return std::to_string(values.page_size);
    return values.slice.params.front().second.text;
}

/// The slow way: one placeholder after the other. `whole`: the text was one and nothing else.
std::string replaced(std::string_view text, const source::TemplateValues& values, bool* whole = nullptr) {
    std::string out;
    std::string_view rest = text;
    while (true) {
        const std::size_t open = rest.find("{{");
        out += rest.substr(0, open);
        if (open == std::string_view::npos) return out;
        const std::size_t close = rest.find("}}", open);
        std::string_view name = rest.substr(open + 2, close - open - 2);
        name.remove_prefix(name.find_first_not_of(' '));
        name = name.substr(0, name.find_last_not_of(' ') + 1);
        if (whole != nullptr) *whole = rest.size() == text.size() && open == 0 && close + 2 == text.size();
        out += meaning(name, values);
        rest.remove_prefix(close + 2);
    }
}

void check_text(std::string_view text, const source::TemplateValues& values) {
    const auto names = plain_names(text);
    for (const Encoding encoding : {Encoding::plain, Encoding::path, Encoding::component}) {
        const auto compiled = Template::compile(text, encoding, "here");
        if (!compiled) {
            must(compiled.error().kind == ErrorKind::config, "the config is what is wrong");
            must(!names || !all_known(*names), "what the config's check lets pass compiles", text);
            continue;
        }
        std::string out;
        if (!compiled->expand(out, values) || !names) continue;
        const std::string plain = replaced(text, values);
        if (encoding == Encoding::plain) must(out == plain, "placeholders are replaced", out);
        if (encoding == Encoding::plain) continue;
        must(std::all_of(out.begin(), out.end(),
                         [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; }),
             "a URL has no blanks, controls or letters beyond ASCII", out);
        must(!fuzz::contains(out, "#"), "nothing becomes a fragment", out);
        const auto decoded = percent_decode(out);
        if (encoding == Encoding::component && !fuzz::contains(plain, std::string_view("\0", 1)))
            must(decoded && *decoded == plain, "an encoded value decodes to itself", out);
    }
}

/// Where each string of the body stands after its placeholders are replaced in the tree.
void substitute(nlohmann::ordered_json& node, const source::TemplateValues& values, bool& known) {
    for (auto& child : node) {
        if (child.is_structured()) {
            substitute(child, values, known);
            continue;
        }
        if (!child.is_string()) continue;
        const auto text = child.get<std::string>();
        const auto names = plain_names(text);
        known = known && names && all_known(*names);
        if (!known) return;
        bool whole = false;
        std::string now = replaced(text, values, &whole);
        if (whole && names->front() != "slice.v") {
            child = std::stoll(now);
        } else {
            child = std::move(now);
        }
    }
}

void check_body(std::string_view body, const source::TemplateValues& values) {
    auto tree = nlohmann::ordered_json::parse(body, nullptr, false);
    // The config writes a body's text itself, and escapes no brace.
    if (!tree.is_structured() || fuzz::contains(body, "\\u007")) return;
    const auto compiled = Template::compile_json(body, "here");
    bool known = true;
    substitute(tree, values, known);
    must(compiled || !known, "what the config's check lets pass compiles", body);
    std::string out;
    if (!compiled || !known || !compiled->expand(out, values)) return;
    const auto after = nlohmann::ordered_json::parse(out, nullptr, false);
    must(!after.is_discarded() && after == tree, "a body is the same JSON with its placeholders replaced",
         out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Parts parts(fuzz::text_of(data, size));
    const std::string text(parts.line());
    const std::string value(parts.line());
    // A config is UTF-8: its values are, and its texts.
    if (utf8_first_bad(fuzz::text_of(data, size)) != std::string_view::npos) return 0;
    source::Slice slice{.key = "v=" + value, .params = {{"v", {.text = value, .is_number = false}}}};
    const source::TemplateValues values{
        .slice = slice, .page_number = 7, .page_offset = -1, .page_size = 500};
    check_text(text, values);
    check_body(parts.rest(), values);
    return 0;
}
