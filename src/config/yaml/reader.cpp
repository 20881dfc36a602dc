#include "config/yaml/reader.h"

#include <algorithm>

#include "core/join.h"
#include "core/utf8.h"

namespace pagehaul::config {

bool Reader::refuse(const Node& node, std::string text) {
    return node.refused ? false : refuse_at(node.place, std::move(text));
}

bool Reader::refuse_at(const Place& place, std::string text) {
    problems_.push_back({.place = place, .path = path_, .text = std::move(text)});
    return false;
}

bool Reader::refuse_member(const Node& mapping, const std::string& key, std::string text) {
    const Scope scope(*this, key);
    const Node* value = mapping.get(key);
    return refuse_at(value != nullptr ? value->place : mapping.place, std::move(text));
}

bool Reader::refuse_below(const Node& node, const std::vector<std::string>& keys, std::string text) {
    const Node* at = &node;
    std::string path = path_;
    Place place = node.place;
    for (const auto& key : keys) {
        path = join_path(path, key);
        if (at != nullptr && at->is_sequence()) {
            const std::size_t index = std::stoul(key);
            at = index < at->items.size() ? &at->items[index] : nullptr;
        } else if (at != nullptr) {
            at = at->get(key);
        }
        if (at != nullptr) place = at->place;
    }
    problems_.push_back({.place = place, .path = path, .text = std::move(text)});
    return false;
}

bool Reader::is_clean(const std::vector<std::string>& paths) {
    for (; looked_at_ < problems_.size(); ++looked_at_)
        faulty_.insert(problems_[looked_at_].path);
    return std::none_of(paths.begin(), paths.end(), [&](const auto& relative) {
        const std::string path = join_path(path_, relative);
        const std::string below = path + ".";
        const auto first = faulty_.lower_bound(below);
        if (first != faulty_.end() && first->starts_with(below)) return true;
        // Nor above them: a missing or wrong mapping leaves nothing below it to look at.
        if (faulty_.contains("")) return true;
        for (std::size_t dot = below.find('.'); dot != std::string::npos; dot = below.find('.', dot + 1)) {
            if (faulty_.contains(below.substr(0, dot))) return true;
        }
        return false;
    });
}

void Reader::note_literal(const Node& node) {
    // What --set or PAGEHAUL_SET gave stands in no file.
    if (node.place.line == 0) return;
    // Of a list's item the list's.
    std::string path = path_;
    while (!path.empty() && path.find_first_not_of("0123456789", path.rfind('.') + 1) == std::string::npos)
        path.resize(path.rfind('.'));
    const std::string key = path.substr(path.rfind('.') + 1);
    std::string variable = key;
    std::transform(variable.begin(), variable.end(), variable.begin(), [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter) return static_cast<char>(c & ~0x20);
        return c >= '0' && c <= '9' ? c : '_';
    });
    literals_.push_back({.place = node.place,
                         .path = path_,
                         .text = "a secret is written into the file; expected " + key + ": \"${" + variable +
                                 "}\" or " + key + ": \"${file:/run/secrets/" + key + "}\""});
}

bool Reader::is_unexpanded(const Node& node) const {
    const auto found = expansions_.find(&node);
    return found != expansions_.end() && found->second.empty();
}

void Reader::collect_secrets() {
    for (const auto& [node, values] : expansions_) {
        for (const auto& value : values) {
            if (value.from_file || !open_.contains(node)) on_secret_(value.text);
        }
    }
}

std::string describe(const Node& node) {
    static constexpr std::size_t longest = 60;
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::mapping:
            return "a mapping";
        case Node::Kind::scalar:
            break;
    }
    if (node.has_variables) return "what " + node.raw + " holds";
    std::string text(utf8_prefix(node.text, longest));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return "\"" + text + (text.size() < node.text.size() ? "…\"" : "\"");
}

std::string one_of(const std::vector<std::string>& choices) {
    if (choices.size() < 2) return join(choices, "");
    return join({choices.begin(), choices.end() - 1}, ", ") + " or " + choices.back();
}

namespace {

// Edits from a to b: a letter more, less, another, or two neighbours swapped (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        edits[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j)
        edits[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
            }
        }
    }
    return edits[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& choices) {
    std::string best;
    // A third of a word wrong is still that word.
    std::size_t limit = std::max<std::size_t>(1, text.size() / 3) + 1;
    if (text.size() > 64) return best;
    for (const auto& choice : choices) {
        // At least so many letters are more or less.
        if (std::max(choice.size(), text.size()) - std::min(choice.size(), text.size()) >= limit) continue;
        const std::size_t found = distance(text, choice);
        if (found < limit) {
            limit = found;
            best = choice;
        }
    }
    return best;
}

}  // namespace pagehaul::config
