#include "config/yaml/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/utf8.h"

namespace pagehaul::config {
namespace {

// Ends the reading of a document that has already got its problem.
struct Abandon {};

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (true) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

// Builds the tree from yaml-cpp's events, which, unlike its Node, show aliases, duplicates and what was
// quoted.
class Builder final : public YAML::EventHandler {
  public:
    Builder(std::string_view text, std::string origin, Problems& problems)
        : lines_(split_lines(text)), origin_(std::move(origin)), problems_(problems) {}

    Place place(const YAML::Mark& mark) {
        if (mark.is_null()) return {.origin = origin_, .line = 1, .column = 1};
        return {.origin = origin_, .line = mark.line + 1, .column = characters_before(mark) + 1};
    }

    void refuse(const YAML::Mark& mark, std::string text) {
        problems_.push_back({.place = place(mark), .path = path(), .text = std::move(text)});
    }

    std::string_view line_of(const YAML::Mark& mark) const {
        const auto line = static_cast<std::size_t>(mark.line);
        return line < lines_.size() ? lines_[line] : std::string_view{};
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            refuse(mark, "expected one YAML document; a second one begins here");
            throw Abandon{};
        }
    }
    void OnDocumentEnd() override {}
    void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
        refuse(mark, "YAML anchors and aliases are not allowed (&" + name + "): write the value out");
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "YAML anchors and aliases are not allowed: write the value out");
        Node unread;
        unread.refused = true;
        add(mark, std::move(unread));
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, Node{}); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        if (tag == "!") refuse_open_quote(mark);
        add(mark, tag == "!" ? Node::string(value) : Node::plain(value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, Node::sequence({}));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, Node::mapping());
    }
    void OnMapEnd() override { close(); }

    Node root;
    bool has_root = false;

  private:
    struct Level {
        Node node;
        std::optional<Member> pending{};  // a mapping's key that waits for its value
        bool dropped = false;             // the pending key is a duplicate: its value goes nowhere
        std::unordered_map<std::string, int> key_lines{};  // the line of each key so far
    };

    // Marks rarely go back: what a line of a hundred thousand values has before each of them is counted once.
    int characters_before(const YAML::Mark& mark) {
        const auto line = static_cast<std::size_t>(mark.line);
        const auto column = static_cast<std::size_t>(mark.column);
        if (counted_.line != line || column < counted_.bytes) counted_ = {.line = line};
        const std::string_view text = line < lines_.size() ? lines_[line] : std::string_view{};
        const std::size_t end = std::min(column, text.size());
        counted_.characters += utf8_length(text.substr(counted_.bytes, end - counted_.bytes));
        counted_.bytes = end;
        return static_cast<int>(counted_.characters);
    }

    bool expects_key() const {
        return !levels_.empty() && levels_.back().node.is_mapping() && !levels_.back().pending;
    }

    void open(const YAML::Mark& mark, const std::string& tag, Node node) {
        refuse_tag(mark, tag);
        if (expects_key()) {
            refuse(mark, "expected a plain text as a key; a placeholder must be quoted: \"{{ … }}\"");
            throw Abandon{};
        }
        if (levels_.size() >= static_cast<std::size_t>(kMaxDepth)) {
            refuse(mark, "expected at most " + std::to_string(kMaxDepth) + " levels of nesting");
            throw Abandon{};
        }
        node.place = place(mark);
        levels_.push_back({.node = std::move(node)});
    }

    void close() {
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        attach(std::move(node));
    }

    void add(const YAML::Mark& mark, Node node) {
        if (expects_key()) return take_key(mark, node);
        // The mark of an empty value is wherever the next token stands: its key is the better place.
        node.place = node.is_null() && !levels_.empty() && levels_.back().pending
                         ? levels_.back().pending->place
                         : place(mark);
        attach(std::move(node));
    }

    void take_key(const YAML::Mark& mark, const Node& key) {
        Level& level = levels_.back();
        level.dropped = false;
        if (key.is_null()) {
            refuse(mark, "expected a key, not null");
            throw Abandon{};
        }
        if (key.text == "<<" && !key.quoted) {
            refuse(mark, "YAML merge keys (<<) are not allowed: write the keys out");
            level.dropped = true;
        } else if (const auto first = level.key_lines.find(key.text); first != level.key_lines.end()) {
            level.pending = Member{.key = key.text, .value = {}, .place = {}};
            refuse(mark, "duplicate key; first given at line " + std::to_string(first->second));
            level.dropped = true;
        } else {
            level.key_lines.emplace(key.text, mark.line + 1);
        }
        level.pending = Member{.key = key.text, .value = {}, .place = place(mark)};
    }

    void attach(Node node) {
        if (levels_.empty()) {
            root = std::move(node);
            has_root = true;
            return;
        }
        Level& level = levels_.back();
        if (level.node.is_sequence()) {
            level.node.items.push_back(std::move(node));
            return;
        }
        level.pending->value = std::move(node);
        if (!level.dropped) level.node.members.push_back(std::move(*level.pending));
        level.pending.reset();
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        refuse(mark, "YAML tags are not allowed; quote the value to make it a string");
    }

    // yaml-cpp 0.7 ends an unterminated quoted string at the end of the file without a word.
    void refuse_open_quote(const YAML::Mark& mark) {
        auto line = static_cast<std::size_t>(mark.line);
        if (line >= lines_.size() || static_cast<std::size_t>(mark.column) >= lines_[line].size()) return;
        std::string_view rest = lines_[line].substr(static_cast<std::size_t>(mark.column));
        const char quote = rest.front();
        if (quote != '"' && quote != '\'') return;
        rest.remove_prefix(1);
        while (true) {
            for (std::size_t i = 0; i < rest.size(); ++i) {
                if (quote == '"' && rest[i] == '\\') {
                    ++i;
                } else if (rest[i] == quote) {
                    // Two single quotes stand for one.
                    if (quote == '"' || i + 1 >= rest.size() || rest[i + 1] != quote) return;
                    ++i;
                }
            }
            if (++line >= lines_.size()) break;
            rest = lines_[line];
        }
        refuse(mark, std::string("expected a closing ") + quote);
        throw Abandon{};
    }

    std::string path() const {
        std::string path;
        for (const Level& level : levels_) {
            if (level.node.is_sequence()) {
                path = join_path(path, std::to_string(level.node.items.size()));
            } else if (level.pending) {
                path = join_path(path, level.pending->key);
            }
        }
        return path;
    }

    struct Counted {
        std::size_t line = 0;
        std::size_t bytes = 0;
        std::size_t characters = 0;
    };

    std::vector<std::string_view> lines_;
    std::string origin_;
    Problems& problems_;
    Counted counted_;
    std::vector<Level> levels_;
    int documents_ = 0;
};

bool indented_by_tab(std::string_view line) {
    const std::size_t content = line.find_first_not_of(" \t");
    return line.substr(0, content).find('\t') != std::string_view::npos;
}

std::optional<Place> place_of_bad_text(std::string_view text, const std::string& origin) {
    int number = 0;
    for (const std::string_view line : split_lines(text)) {
        ++number;
        const std::size_t bad = utf8_first_bad(line);
        if (bad == std::string_view::npos) continue;
        return Place{.origin = origin,
                     .line = number,
                     .column = static_cast<int>(utf8_length(line.substr(0, bad))) + 1};
    }
    return std::nullopt;
}

}  // namespace

Node parse_yaml(std::string_view text, const std::string& origin, Problems& problems) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (const auto place = place_of_bad_text(text, origin)) {
        problems.push_back({.place = *place, .path = {}, .text = "expected UTF-8 text"});
        return {};
    }
    Builder builder(text, origin, problems);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Abandon&) {
        return {};
    } catch (const YAML::Exception& error) {
        const bool tab = indented_by_tab(builder.line_of(error.mark));
        builder.refuse(error.mark, tab ? "expected spaces: YAML does not allow tabs as indentation"
                                       : "expected valid YAML: " + error.msg);
        return {};
    }
    // "null", "~" and "!" are documents, and as empty.
    if (!builder.has_root || (builder.root.is_null() && problems.empty())) {
        problems.push_back({.place = {.origin = origin, .line = 1, .column = 1},
                            .path = {},
                            .text = "expected a pipeline's keys; the file is empty"});
    }
    return std::move(builder.root);
}

namespace {

void put_at(Node& node, const Place& place) {
    node.place = place;
    for (auto& item : node.items)
        put_at(item, place);
    for (auto& member : node.members) {
        member.place = place;
        put_at(member.value, place);
    }
}

}  // namespace

Node parse_yaml_value(std::string_view text, const Place& place, const std::string& path,
                      Problems& problems) {
    if (text.find('\n') != std::string_view::npos) {
        problems.push_back({.place = place, .path = path, .text = "expected a value on one line"});
        return {};
    }
    Problems found;
    Node node;
    if (text.empty()) {
        node = Node::string("");
    } else if (std::string_view("[{\"'").find(text.front()) == std::string_view::npos) {
        if (text != "null" && text != "~") node = Node::plain(text);
        if (utf8_first_bad(text) != std::string_view::npos) {
            found.push_back({.place = {}, .path = {}, .text = "expected UTF-8 text"});
        }
    } else {
        // As an element of a flow sequence the value cannot turn out to be the beginning of a block.
        const Node list = parse_yaml("[\n" + std::string(text) + "\n]", place.origin, found);
        if (found.empty() && list.items.size() != 1) {
            found.push_back({.place = {}, .path = {}, .text = "expected one scalar, [list] or {mapping}"});
        }
        if (found.empty()) node = list.items.front();
    }
    if (!found.empty()) {
        problems.push_back(
            {.place = place, .path = path, .text = "expected a scalar, a [list] or a {mapping} in YAML"});
    }
    if (!found.empty()) return {};
    put_at(node, place);
    return node;
}

}  // namespace pagehaul::config
