#include "config/yaml/node.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace pagehaul::config {

std::string Place::text() const {
    if (line == 0) return origin;
    return origin + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Node Node::string(std::string_view text) {
    Node node;
    node.kind = Kind::scalar;
    node.text = node.raw = std::string(text);
    node.quoted = true;
    return node;
}

Node Node::number(std::int64_t value) {
    return plain(std::to_string(value));
}

Node Node::plain(std::string_view text) {
    Node node = string(text);
    node.quoted = false;
    return node;
}

Node Node::sequence(std::vector<Node> items) {
    Node node;
    node.kind = Kind::sequence;
    node.items = std::move(items);
    return node;
}

Node Node::strings(const std::vector<std::string>& texts) {
    Node node = sequence({});
    for (const auto& text : texts)
        node.items.push_back(string(text));
    return node;
}

Node Node::mapping() {
    return mapping({});
}

Node Node::mapping(std::vector<Member> members) {
    Node node;
    node.kind = Kind::mapping;
    node.members = std::move(members);
    return node;
}

const Member* Node::find(std::string_view key) const {
    for (const auto& member : members) {
        if (member.key == key) return &member;
    }
    return nullptr;
}

Member* Node::find(std::string_view key) {
    for (auto& member : members) {
        if (member.key == key) return &member;
    }
    return nullptr;
}

const Node* Node::get(std::string_view key) const {
    const Member* member = find(key);
    return member == nullptr ? nullptr : &member->value;
}

Node& Node::with(std::string_view key, Node value) {
    if (Member* member = find(key)) {
        member->value = std::move(value);
    } else {
        members.push_back({.key = std::string(key), .value = std::move(value)});
    }
    return *this;
}

bool is_json_number(std::string_view token) {
    std::size_t i = 0;
    const auto digits = [&] {
        const std::size_t start = i;
        while (i < token.size() && std::isdigit(static_cast<unsigned char>(token[i])) != 0)
            ++i;
        return i - start;
    };
    if (i < token.size() && token[i] == '-') ++i;
    const std::size_t whole = i;
    if (digits() == 0 || (token[whole] == '0' && i - whole > 1)) return false;
    if (i < token.size() && token[i] == '.') {
        ++i;
        if (digits() == 0) return false;
    }
    if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
        ++i;
        if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == token.size();
}

namespace {

std::string quote(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string scalar(const Node& node) {
    const bool literal = !node.quoted && !node.has_variables &&
                         (node.text == "true" || node.text == "false" || is_json_number(node.text));
    return literal ? node.text : quote(node.text);
}

// Numbers keep their written digits, which a JSON library's double would not: so the writer is ours.
class Writer {
  public:
    explicit Writer(JsonStyle style) : style_(style) {}

    void write(const Node& node, int depth) {
        switch (node.kind) {
            case Node::Kind::null:
                out += "null";
                return;
            case Node::Kind::scalar:
                out += scalar(node);
                return;
            case Node::Kind::sequence:
                return list('[', ']', node.items, depth, [&](const Node& item) { write(item, depth + 1); });
            case Node::Kind::mapping:
                return mapping(node, depth);
        }
    }

    std::string out;

  private:
    void mapping(const Node& node, int depth) {
        std::vector<const Member*> members;
        for (const auto& member : node.members)
            members.push_back(&member);
        if (style_ == JsonStyle::compact_sorted) {
            std::sort(members.begin(), members.end(),
                      [](const Member* a, const Member* b) { return a->key < b->key; });
        }
        list('{', '}', members, depth, [&](const Member* member) {
            out += quote(member->key);
            out += style_ == JsonStyle::indented ? ": " : ":";
            write(member->value, depth + 1);
        });
    }

    template <class Items, class Write>
    void list(char open, char close, const Items& items, int depth, const Write& write_item) {
        out += open;
        bool first = true;
        for (const auto& item : items) {
            if (!first) out += ',';
            first = false;
            new_line(depth + 1);
            write_item(item);
        }
        if (!first) new_line(depth);
        out += close;
    }

    void new_line(int depth) {
        if (style_ != JsonStyle::indented) return;
        out += '\n';
        out.append(static_cast<std::size_t>(depth) * 2, ' ');
    }

    JsonStyle style_;
};

}  // namespace

std::string to_json(const Node& node, JsonStyle style) {
    Writer writer(style);
    writer.write(node, 0);
    return std::move(writer.out);
}

}  // namespace pagehaul::config
