#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "config/type.h"

namespace pagehaul::config {

/// One key of an object, its type erased: what an Object<S> is made of.
template <class S>
struct Key {
    std::string name;
    std::string description;
    bool required = false;
    bool built = true;
    Shared<bool(const Node&, Reader&, S&)> read{};
    std::function<Node(const Node*, const S&)> show{};
    std::function<Node()> schema{};
};

/// Reports the keys of `node` that are none of `known`: unknown, or not built yet.
bool refuse_other_keys(const Node& node, Reader& reader, const std::vector<std::string>& known,
                       const std::vector<std::string>& not_built);

/// A mapping with declared keys, read into a struct. The default of a key that is left out is what S{} holds.
template <class S>
class Object {
  public:
    template <class T>
    Object& key(const std::string& name, T S::*member, Type<T> type, const std::string& description) {
        return add(name, member, std::move(type), description, false);
    }
    template <class T>
    Object& required(const std::string& name, T S::*member, Type<T> type, const std::string& description) {
        return add(name, member, std::move(type), description, true);
    }
    /// A required key that fills more than one member; `get` and `set` see the whole struct.
    template <class T>
    Object& required_parts(const std::string& name, Type<T> type, std::function<T(const S&)> get,
                           std::function<void(S&, T)> set, const std::string& description) {
        Key<S> key{.name = name, .description = description, .required = true};
        key.read = [type, set](const Node& node, Reader& reader, S& out) {
            T value{};
            if (!type.read(node, reader, value)) return false;
            set(out, std::move(value));
            return true;
        };
        key.show = [type, get](const Node* node, const S& value) { return type.show(node, get(value)); };
        key.schema = [type, description] { return described(description, type.schema()); };
        keys_.push_back(std::move(key));
        return *this;
    }
    /// The last key's default follows from other keys (its description says how): the schema gives none.
    Object& derived() {
        keys_.back().schema = [schema = keys_.back().schema] {
            Node node = schema();
            std::erase_if(node.members, [](const Member& member) { return member.key == "default"; });
            return node;
        };
        return *this;
    }
    /// A key whose feature this version does not have: said so, rather than "unknown".
    Object& later(const std::string& name) {
        Key<S> key;
        key.name = name;
        key.built = false;
        keys_.push_back(std::move(key));
        return *this;
    }
    /// The key by which a Union chose this object: accepted here, read there.
    Object& tag(const std::string& name, const std::string& value) {
        tag_ = name;
        tag_value_ = value;
        return *this;
    }
    using Check = std::function<bool(const Node& node, Reader& reader, S& value)>;
    /// Checks keys against each other, or fills in what follows from others; reports and returns false, or
    /// returns true. Called once every key is read, unless one of those that `needs` names (paths from here)
    /// has a problem already.
    Object& check(const std::vector<std::string>& needs, Check check) {
        checks_.push_back({.needs = needs, .run = std::move(check)});
        return *this;
    }

    bool read(const Node& node, Reader& reader, S& out) const {
        if (!node.is_mapping()) {
            return reader.refuse(node, "expected a mapping with " + key_list() + ", not " + describe(node));
        }
        std::vector<std::string> known;
        std::vector<std::string> not_built;
        for (const auto& key : keys_)
            (key.built ? known : not_built).push_back(key.name);
        if (!tag_.empty()) known.push_back(tag_);
        bool good = refuse_other_keys(node, reader, known, not_built);
        for (const auto& key : keys_) {
            if (!key.built) continue;
            const Reader::Scope scope(reader, key.name);
            if (const Node* value = node.get(key.name)) {
                good = key.read(*value, reader, out) && good;
            } else if (key.required) {
                good = reader.refuse(node, "required: " + key.description);
            }
        }
        for (const auto& check : checks_) {
            if (reader.is_clean(check.needs)) good = check.run(node, reader, out) && good;
        }
        return good;
    }

    Node show(const Node* node, const S& value) const {
        Node shown = Node::mapping();
        if (!tag_.empty()) shown.with(tag_, Node::string(tag_value_));
        for (const auto& key : keys_) {
            if (key.built)
                shown.with(key.name, key.show(node == nullptr ? nullptr : node->get(key.name), value));
        }
        return shown;
    }

    Node schema() const {
        Node properties = Node::mapping();
        Node required = Node::sequence({});
        if (!tag_.empty()) {
            properties.with(tag_, Node::mapping().with("const", Node::string(tag_value_)));
            required.items.push_back(Node::string(tag_));
        }
        for (const auto& key : keys_) {
            if (!key.built) continue;
            properties.with(key.name, key.schema());
            if (key.required) required.items.push_back(Node::string(key.name));
        }
        Node schema = Node::mapping().with("type", Node::string("object"));
        schema.with("additionalProperties", Node::boolean(false));
        schema.with("properties", std::move(properties));
        if (!required.items.empty()) schema.with("required", std::move(required));
        return schema;
    }

    operator Type<S>() const {  // NOLINT(google-explicit-constructor): an object is a type
        const auto self = std::make_shared<const Object>(*this);
        return {
            .read = [self](const Node& node, Reader& reader,
                           S& out) { return self->read(node, reader, out); },
            .show = [self](const Node* node, const S& value) { return self->show(node, value); },
            .schema = [self] { return self->schema(); },
        };
    }

  private:
    template <class T>
    Object& add(const std::string& name, T S::*member, Type<T> type, const std::string& description,
                bool required) {
        Key<S> key{.name = name, .description = description, .required = required};
        key.read = [member, type](const Node& node, Reader& reader, S& out) {
            return type.read(node, reader, out.*member);
        };
        key.show = [member, type](const Node* node, const S& value) {
            return type.show(node, value.*member);
        };
        key.schema = [member, type, description, required] {
            Node schema = described(description, type.schema());
            if (required) return schema;
            Node fallback = type.show(nullptr, S{}.*member);
            if (!fallback.is_null() && !fallback.is_mapping()) schema.with("default", std::move(fallback));
            return schema;
        };
        keys_.push_back(std::move(key));
        return *this;
    }

    static Node described(const std::string& description, Node schema) {
        schema.members.insert(schema.members.begin(),
                              Member{.key = "description", .value = Node::string(description)});
        return schema;
    }

    struct Checked {
        std::vector<std::string> needs;
        Check run;
    };

    std::string key_list() const {
        std::string list;
        if (!tag_.empty()) list = tag_;
        for (const auto& key : keys_) {
            if (key.built) list += (list.empty() ? "" : ", ") + key.name;
        }
        return list;
    }

    std::vector<Key<S>> keys_;
    std::vector<Checked> checks_;
    std::string tag_;
    std::string tag_value_;
};

}  // namespace pagehaul::config
