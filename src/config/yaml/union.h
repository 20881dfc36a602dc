#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/yaml/object.h"

namespace pagehaul::config {

/// A Union<V> with its V erased.
class AnyUnion : public AnyType {
  public:
    struct Choice {
        std::string name;
        AnyObject object;
        void* (*emplace)(void* variant);          ///< makes it hold this choice, and gives that
        const void* (*get)(const void* variant);  ///< null: it holds another
    };

    explicit AnyUnion(std::string tag) : tag_(std::move(tag)) {}
    void add(Choice choice);
    void later(const std::string& name) { not_built_.push_back(name); }

    bool read(const Node& node, Reader& reader, void* out) const override;
    Node show(const Node* node, const void* value) const override;
    Node schema() const override;

  private:
    std::string tag_;
    std::vector<Choice> choices_;
    std::vector<std::string> not_built_;
};

/// A mapping whose `tag` key says which of several objects it is; V is a std::variant of their structs.
template <class V>
class Union {
  public:
    explicit Union(const std::string& tag) : union_(tag) {}

    template <class A>
    Union& choice(const std::string& name, const Object<A>& object) {
        union_.add({
            .name = name,
            .object = object.any(),
            .emplace = [](void* variant) -> void* {
                return &static_cast<V*>(variant)->template emplace<A>();
            },
            .get = [](const void* variant) -> const void* {
                return std::get_if<A>(static_cast<const V*>(variant));
            },
        });
        return *this;
    }
    Union& later(const std::string& name) {
        union_.later(name);
        return *this;
    }

    operator Type<V>() const {  // NOLINT(google-explicit-constructor): a union is a type
        return Type<V>(std::make_shared<const AnyUnion>(union_));
    }

  private:
    AnyUnion union_;
};

}  // namespace pagehaul::config
