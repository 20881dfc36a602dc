#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.h"
#include "config/reader.h"

namespace pagehaul::config {

/// A function that is copied by reference. Types hold types: copies of the whole tree at each level would
/// grow exponentially with its depth.
template <class Signature>
class Shared;
template <class R, class... Args>
class Shared<R(Args...)> {
  public:
    Shared() = default;
    template <class F>
    requires(!std::same_as<std::decay_t<F>, Shared>)
        Shared(F function)  // NOLINT(google-explicit-constructor): as std::function
        : function_(std::make_shared<const std::function<R(Args...)>>(std::move(function))) {}
    R operator()(Args... args) const { return (*function_)(std::forward<Args>(args)...); }

  private:
    std::shared_ptr<const std::function<R(Args...)>> function_;
};

/// How a T is written in a config. A key's parsing, its JSON Schema and its canonical form all come from
/// this.
template <class T>
struct Type {
    /// Fills `out` and returns true; or reports what was expected and returns false.
    Shared<bool(const Node& node, Reader& reader, T& out)> read;
    /// The canonical way to write `value`. Where `node`, what the value was read from (null: a default),
    /// holds variables, they stay unexpanded.
    Shared<Node(const Node* node, const T& value)> show;
    Shared<Node()> schema;
};

/// What a text was expected to be, where the declared text is not precise enough; empty: use that one.
inline tl::unexpected<std::string> not_expected(std::string text = {}) {
    return tl::unexpected<std::string>(std::move(text));
}

/// A type that is one scalar.
template <class T>
struct Leaf {
    std::string expected;  ///< "a duration such as 500ms"
    std::function<tl::expected<T, std::string>(std::string_view)> parse;
    std::function<Node(const T&)> write;
    Node schema;
    bool is_text = true;  ///< false: a number or boolean, which quotes would make a string
};

/// {"anyOf": […]}: variables may stand for any scalar.
Node or_variable(Node schema);

template <class T>
Type<T> leaf(Leaf<T> spec) {
    Type<T> type;
    type.read = [spec](const Node& node, Reader& reader, T& out) {
        reader.mark_open(node);
        if (reader.is_unexpanded(node)) return false;
        if (!node.is_scalar())
            return reader.refuse(node, "expected " + spec.expected + ", not " + describe(node));
        if (!spec.is_text && node.quoted && !node.has_variables) {
            return reader.refuse(node, "expected " + spec.expected + ", not the string " + describe(node));
        }
        auto value = spec.parse(node.text);
        if (!value) {
            std::string text = "expected " + spec.expected + ", not " + describe(node);
            return reader.refuse(node, value.error().empty() ? text : value.error());
        }
        out = std::move(*value);
        return true;
    };
    type.show = [spec](const Node* node, const T& value) {
        return node != nullptr && node->has_variables ? Node::string(node->raw) : spec.write(value);
    };
    type.schema = [spec] { return or_variable(spec.schema); };
    return type;
}

/// A key that may be left out and then has no value.
template <class T>
Type<std::optional<T>> optionally(Type<T> type) {
    return {
        .read =
            [type](const Node& node, Reader& reader, std::optional<T>& out) {
                T value{};
                if (!type.read(node, reader, value)) return false;
                out = std::move(value);
                return true;
            },
        .show = [type](const Node* node,
                       const std::optional<T>& value) { return value ? type.show(node, *value) : Node{}; },
        .schema = type.schema,
    };
}

/// `word` (auto, say) stands for no value.
template <class T>
Type<std::optional<T>> word_or(const std::string& word, Type<T> type) {
    Type<std::optional<T>> result = optionally(type);
    result.read = [word, type](const Node& node, Reader& reader, std::optional<T>& out) {
        if (node.is_scalar() && node.text == word) {
            reader.mark_open(node);
            out.reset();
            return true;
        }
        T value{};
        if (!type.read(node, reader, value)) return false;
        out = std::move(value);
        return true;
    };
    result.show = [word, type](const Node* node, const std::optional<T>& value) {
        return value ? type.show(node, *value) : Node::string(word);
    };
    result.schema = [word, type] {
        Node choice = Node::mapping().with("const", Node::string(word));
        Node schema = type.schema();
        if (const Member* any = schema.find("anyOf")) {
            Node all = any->value;
            all.items.insert(all.items.begin(), choice);
            return Node::mapping().with("anyOf", all);
        }
        return Node::mapping().with("anyOf", Node::sequence({choice, schema}));
    };
    return result;
}

template <class T>
Type<std::vector<T>> list_of(Type<T> item, const std::string& expected, std::size_t at_least = 0) {
    return {
        .read =
            [item, expected, at_least](const Node& node, Reader& reader, std::vector<T>& out) {
                if (!node.is_sequence()) {
                    return reader.refuse(node, "expected " + expected + ", not " + describe(node));
                }
                if (node.items.size() < at_least) {
                    return reader.refuse(node, "expected " + expected + ", not an empty list");
                }
                bool good = true;
                std::vector<T> values;
                for (std::size_t i = 0; i < node.items.size(); ++i) {
                    const Reader::Scope scope(reader, std::to_string(i));
                    T value{};
                    good = item.read(node.items[i], reader, value) && good;
                    values.push_back(std::move(value));
                }
                out = std::move(values);
                return good;
            },
        .show =
            [item](const Node* node, const std::vector<T>& values) {
                Node list = Node::sequence({});
                for (std::size_t i = 0; i < values.size(); ++i) {
                    list.items.push_back(item.show(node == nullptr ? nullptr : &node->items[i], values[i]));
                }
                return list;
            },
        .schema =
            [item, at_least] {
                Node schema =
                    Node::mapping().with("type", Node::string("array")).with("items", item.schema());
                if (at_least > 0) schema.with("minItems", Node::number(static_cast<std::int64_t>(at_least)));
                return schema;
            },
    };
}

/// A mapping whose keys the user names, in the file's order. `check_key` says what a name should have been,
/// or nothing.
template <class T>
Type<std::vector<std::pair<std::string, T>>> dictionary(
    Type<T> value_type, const std::string& expected,
    const std::function<std::optional<std::string>(const std::string& key)>& check_key) {
    using Entries = std::vector<std::pair<std::string, T>>;
    return {
        .read =
            [value_type, expected, check_key](const Node& node, Reader& reader, Entries& out) {
                if (!node.is_mapping()) {
                    return reader.refuse(node, "expected " + expected + ", not " + describe(node));
                }
                bool good = true;
                Entries entries;
                for (const Member& member : node.members) {
                    const Reader::Scope scope(reader, member.key);
                    if (const auto wrong = check_key(member.key))
                        good = reader.refuse_at(member.place, *wrong);
                    T value{};
                    good = value_type.read(member.value, reader, value) && good;
                    entries.emplace_back(member.key, std::move(value));
                }
                out = std::move(entries);
                return good;
            },
        .show =
            [value_type](const Node* node, const Entries& entries) {
                Node shown = Node::mapping();
                for (const auto& [key, value] : entries) {
                    shown.with(key, value_type.show(node == nullptr ? nullptr : node->get(key), value));
                }
                return shown;
            },
        .schema =
            [value_type] {
                return Node::mapping()
                    .with("type", Node::string("object"))
                    .with("additionalProperties", value_type.schema());
            },
    };
}

}  // namespace pagehaul::config
