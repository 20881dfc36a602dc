#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/object.h"

namespace pagehaul::config {

/// A mapping whose `tag` key says which of several objects it is; V is a std::variant of their structs.
template <class V>
class Union {
  public:
    explicit Union(std::string tag) : tag_(std::move(tag)) {}

    template <class A>
    Union& choice(const std::string& name, Object<A> object) {
        object.tag(tag_, name);
        choices_.push_back({
            .name = name,
            .read =
                [object](const Node& node, Reader& reader, V& out) {
                    A value{};
                    if (!object.read(node, reader, value)) return false;
                    out = std::move(value);
                    return true;
                },
            .holds = [](const V& value) { return std::holds_alternative<A>(value); },
            .show = [object](const Node* node,
                             const V& value) { return object.show(node, std::get<A>(value)); },
            .schema = [object] { return object.schema(); },
        });
        return *this;
    }
    Union& later(const std::string& name) {
        not_built_.push_back(name);
        return *this;
    }

    operator Type<V>() const {  // NOLINT(google-explicit-constructor): a union is a type
        const auto self = std::make_shared<const Union>(*this);
        return {
            .read = [self](const Node& node, Reader& reader,
                           V& out) { return self->read(node, reader, out); },
            .show =
                [self](const Node* node, const V& value) {
                    for (const auto& choice : self->choices_) {
                        if (choice.holds(value)) return choice.show(node, value);
                    }
                    return Node{};
                },
            .schema =
                [self] {
                    Node all = Node::sequence({});
                    for (const auto& choice : self->choices_)
                        all.items.push_back(choice.schema());
                    return Node::mapping().with("oneOf", std::move(all));
                },
        };
    }

  private:
    struct Choice {
        std::string name;
        Shared<bool(const Node&, Reader&, V&)> read;
        Shared<bool(const V&)> holds;
        Shared<Node(const Node*, const V&)> show;
        Shared<Node()> schema;
    };

    bool read(const Node& node, Reader& reader, V& out) const {
        std::vector<std::string> names;
        for (const auto& choice : choices_)
            names.push_back(choice.name);
        if (!node.is_mapping()) {
            return reader.refuse(node, "expected a mapping with " + tag_ + ", not " + describe(node));
        }
        const Node* tag = node.get(tag_);
        if (tag == nullptr) return reader.refuse_member(node, tag_, "required: " + one_of(names));
        if (tag->is_scalar()) {
            reader.mark_open(*tag);
            if (reader.is_unexpanded(*tag)) return false;
            for (const auto& choice : choices_) {
                if (choice.name == tag->text) return choice.read(node, reader, out);
            }
            for (const auto& name : not_built_) {
                if (name == tag->text) {
                    return reader.refuse_member(
                        node, tag_, "\"" + name + "\" is not built yet; expected " + one_of(names));
                }
            }
        }
        return reader.refuse_member(node, tag_, "expected " + one_of(names) + ", not " + describe(*tag));
    }

    std::string tag_;
    std::vector<Choice> choices_;
    std::vector<std::string> not_built_;
};

}  // namespace pagehaul::config
