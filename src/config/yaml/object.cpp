#include "config/yaml/object.h"

#include <algorithm>
#include <cstddef>

#include "core/join.h"

namespace pagehaul::config {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// A mistyped key may stand before a secret: keep it out of the message, whose place can be a whole --set.
void hide_values(const Node& node, Reader& reader) {
    if (node.is_scalar() && node.place.line == 0) reader.add_secret(node.text);
    for (const auto& item : node.items)
        hide_values(item, reader);
    for (const auto& member : node.members)
        hide_values(member.value, reader);
}

Node described(const std::string& description, Node schema) {
    schema.members.insert(schema.members.begin(),
                          Member{.key = "description", .value = Node::string(description)});
    return schema;
}

void* member(void* whole, const Key& key) {
    return static_cast<std::byte*>(whole) + key.offset;
}
const void* member(const void* whole, const Key& key) {
    return static_cast<const std::byte*>(whole) + key.offset;
}

}  // namespace

void AnyObject::tag(const std::string& name, const std::string& value) {
    tag_ = name;
    tag_value_ = value;
}

void AnyObject::check(const std::vector<std::string>& needs, Check check) {
    checks_.push_back({.needs = needs, .run = std::move(check)});
}

bool AnyObject::read(const Node& node, Reader& reader, void* out) const {
    if (!node.is_mapping()) {
        return reader.refuse(node, "expected a mapping with " + key_list() + ", not " + describe(node));
    }
    bool good = refuse_other_keys(node, reader);
    for (const auto& key : keys_) {
        if (!key.built) continue;
        const Reader::Scope scope(reader, key.name);
        if (const Node* value = node.get(key.name)) {
            good = key.type->read(*value, reader, member(out, key)) && good;
        } else if (key.required) {
            good = reader.refuse(node, "required: " + key.description);
        }
    }
    for (const auto& check : checks_) {
        if (reader.is_clean(check.needs)) good = check.run(node, reader, out) && good;
    }
    return good;
}

Node AnyObject::show(const Node* node, const void* value) const {
    Node shown = Node::mapping();
    if (!tag_.empty()) shown.with(tag_, Node::string(tag_value_));
    for (const auto& key : keys_) {
        if (!key.built) continue;
        Node held = key.type->show(node == nullptr ? nullptr : node->get(key.name), member(value, key));
        held.is_default = is_default(key, held);
        shown.with(key.name, std::move(held));
    }
    return shown;
}

bool AnyObject::is_default(const Key& key, const Node& shown) const {
    if (key.required || !key.has_default) return false;
    const Node fallback = key.type->show(nullptr, member(fresh_.get(), key));
    return to_json(shown, JsonStyle::compact) == to_json(fallback, JsonStyle::compact);
}

Node AnyObject::schema() const {
    Node properties = Node::mapping();
    Node required = Node::sequence({});
    if (!tag_.empty()) {
        properties.with(tag_, Node::mapping().with("const", Node::string(tag_value_)));
        required.items.push_back(Node::string(tag_));
    }
    for (const auto& key : keys_) {
        if (!key.built) continue;
        properties.with(key.name, schema_of(key));
        if (key.required) required.items.push_back(Node::string(key.name));
    }
    Node schema = Node::mapping().with("type", Node::string("object"));
    schema.with("additionalProperties", Node::boolean(false));
    schema.with("properties", std::move(properties));
    if (!required.items.empty()) schema.with("required", std::move(required));
    return schema;
}

Node AnyObject::schema_of(const Key& key) const {
    Node schema = described(key.description, key.type->schema());
    if (key.required || !key.has_default) return schema;
    Node fallback = key.type->show(nullptr, member(fresh_.get(), key));
    if (!fallback.is_null() && !fallback.is_mapping()) schema.with("default", std::move(fallback));
    return schema;
}

std::string AnyObject::key_list() const {
    std::vector<std::string> names;
    if (!tag_.empty()) names.push_back(tag_);
    for (const auto& key : keys_)
        if (key.built) names.push_back(key.name);
    return join(names, ", ");
}

bool AnyObject::refuse_other_keys(const Node& node, Reader& reader) const {
    std::vector<std::string> known;
    std::vector<std::string> not_built;
    for (const auto& key : keys_)
        (key.built ? known : not_built).push_back(key.name);
    if (!tag_.empty()) known.push_back(tag_);
    bool good = true;
    for (const Member& member : node.members) {
        if (contains(known, member.key)) continue;
        const Reader::Scope scope(reader, member.key);
        if (contains(not_built, member.key)) {
            good = reader.refuse_at(member.place, "this key is not built yet");
            continue;
        }
        hide_values(member.value, reader);
        const std::string meant = nearest(member.key, known);
        good =
            reader.refuse_at(member.place, meant.empty() ? "unknown key; expected one of " + join(known, ", ")
                                                         : "unknown key; did you mean " + meant + "?");
    }
    return good;
}

}  // namespace pagehaul::config
