#include "config/reader.h"

#include <algorithm>

#include "config/utf8.h"

namespace pagehaul::config {

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

bool Reader::is_clean(const std::vector<std::string>& paths) const {
    return std::none_of(paths.begin(), paths.end(), [&](const auto& relative) {
        const std::string path = join_path(path_, relative);
        return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
            return problem.path == path || problem.path.starts_with(path + ".");
        });
    });
}

bool Reader::is_unexpanded(const Node& node) const {
    const auto found = expansions_.find(&node);
    return found != expansions_.end() && found->second.empty();
}

void Reader::collect_secrets() {
    for (const auto& [node, values] : expansions_) {
        for (const auto& value : values) {
            if (value.from_file || !open_.contains(node)) redactor_.add(value.text);
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
    std::string text = node.text.substr(0, longest);
    while (utf8_first_bad(text) != std::string::npos)
        text.pop_back();
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return "\"" + text + (text.size() < node.text.size() ? "…\"" : "\"");
}

std::string one_of(const std::vector<std::string>& choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
        text += choices[i];
    }
    return text;
}

namespace {

// Levenshtein's distance, two rows at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& choices) {
    std::string best;
    // A third of a word wrong is still that word.
    std::size_t limit = std::max<std::size_t>(1, text.size() / 3) + 1;
    if (text.size() > 64) return best;
    for (const auto& choice : choices) {
        const std::size_t found = distance(text, choice);
        if (found < limit) {
            limit = found;
            best = choice;
        }
    }
    return best;
}

}  // namespace pagehaul::config
