#include "config/yaml/type.h"

namespace pagehaul::config {

Node or_variable(Node schema) {
    const Node variable = Node::mapping().with("$ref", Node::string("#/$defs/variable"));
    return Node::mapping().with("anyOf", Node::sequence({std::move(schema), variable}));
}

bool AnyLeaf::read(const Node& node, Reader& reader, void* out) const {
    reader.mark_open(node);
    if (reader.is_unexpanded(node)) return false;
    if (!node.is_scalar()) return reader.refuse(node, "expected " + expected_ + ", not " + describe(node));
    if (!is_text_ && node.quoted && !node.has_variables) {
        return reader.refuse(node, "expected " + expected_ + ", not the string " + describe(node));
    }
    const auto fault = parse(node.text, out);
    if (!fault) return true;
    return reader.refuse(node, fault->empty() ? "expected " + expected_ + ", not " + describe(node) : *fault);
}

Node AnyLeaf::show(const Node* node, const void* value) const {
    return node != nullptr && node->has_variables ? Node::string(node->raw) : write(value);
}

AnyChoice::AnyChoice(std::vector<std::string> names)
    : AnyLeaf(one_of(names), Node::mapping().with("enum", Node::strings(names)), true),
      names_(std::move(names)) {}

std::optional<std::string> AnyChoice::parse(std::string_view text, void* out) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (names_[i] != text) continue;
        assign(out, i);
        return std::nullopt;
    }
    return "";
}

Node AnyChoice::write(const void* value) const {
    for (std::size_t i = 0; i < names_.size(); ++i)
        if (equals(value, i)) return Node::string(names_[i]);
    return {};
}

bool AnyOptional::read(const Node& node, Reader& reader, void* out) const {
    if (word_ && node.is_scalar() && node.text == *word_) {
        reader.mark_open(node);
        reset(out);
        return true;
    }
    if (type_->read(node, reader, emplace(out))) return true;
    reset(out);
    return false;
}

Node AnyOptional::show(const Node* node, const void* value) const {
    if (const void* held = get(value)) return type_->show(node, held);
    return word_ ? Node::string(*word_) : Node{};
}

Node AnyOptional::schema() const {
    Node schema = type_->schema();
    if (!word_) return schema;
    const Node choice = Node::mapping().with("const", Node::string(*word_));
    Node all = Node::sequence({});
    const Member* any = schema.find("anyOf");
    all.items = any != nullptr ? any->value.items : std::vector<Node>{schema};
    all.items.insert(all.items.begin(), choice);
    return Node::mapping().with("anyOf", all);
}

bool AnyList::read(const Node& node, Reader& reader, void* out) const {
    if (!node.is_sequence()) return reader.refuse(node, "expected " + expected_ + ", not " + describe(node));
    if (node.items.size() < at_least_) {
        return reader.refuse(node, "expected " + expected_ + ", not an empty list");
    }
    resize(out, node.items.size());
    bool good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        good = item_->read(node.items[i], reader, item(out, i)) && good;
    }
    return good;
}

Node AnyList::show(const Node* node, const void* values) const {
    Node list = Node::sequence({});
    for (std::size_t i = 0; i < size(values); ++i) {
        list.items.push_back(item_->show(node == nullptr ? nullptr : &node->items[i], item(values, i)));
    }
    return list;
}

Node AnyList::schema() const {
    Node schema = Node::mapping().with("type", Node::string("array")).with("items", item_->schema());
    if (at_least_ > 0) schema.with("minItems", Node::number(static_cast<std::int64_t>(at_least_)));
    return schema;
}

}  // namespace pagehaul::config
