#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/yaml/node.h"
#include "config/yaml/reader.h"

namespace pagehaul::config {

/// How a value is written in a config: its parsing, its JSON Schema and its canonical form all come from
/// this. Whoever holds types of many kinds holds these; `out` and `value` point to a T of the Type<T> it was
/// made for.
class AnyType {
  public:
    AnyType() = default;
    virtual ~AnyType() = default;
    /// Fills `out` and returns true; or reports what was expected and returns false.
    virtual bool read(const Node& node, Reader& reader, void* out) const = 0;
    /// The canonical way to write `value`. Where `node`, what the value was read from (null: a default),
    /// holds variables, they stay unexpanded.
    virtual Node show(const Node* node, const void* value) const = 0;
    virtual Node schema() const = 0;

  protected:
    AnyType(const AnyType&) = default;
    AnyType& operator=(const AnyType&) = default;
};

/// An AnyType of T. Copies are one type.
template <class T>
class Type {
  public:
    explicit Type(std::shared_ptr<const AnyType> any) : any_(std::move(any)) {}

    bool read(const Node& node, Reader& reader, T& out) const { return any_->read(node, reader, &out); }
    Node show(const Node* node, const T& value) const { return any_->show(node, &value); }
    Node schema() const { return any_->schema(); }
    const std::shared_ptr<const AnyType>& any() const { return any_; }

  private:
    std::shared_ptr<const AnyType> any_;
};

/// A type in three functions.
template <class T>
struct Functions {
    std::function<bool(const Node& node, Reader& reader, T& out)> read;
    std::function<Node(const Node* node, const T& value)> show;
    std::function<Node()> schema;
};

template <class T>
Type<T> type_of(Functions<T> functions) {
    class Custom : public AnyType {
      public:
        explicit Custom(Functions<T> functions) : functions_(std::move(functions)) {}
        bool read(const Node& node, Reader& reader, void* out) const override {
            return functions_.read(node, reader, *static_cast<T*>(out));
        }
        Node show(const Node* node, const void* value) const override {
            return functions_.show(node, *static_cast<const T*>(value));
        }
        Node schema() const override { return functions_.schema(); }

      private:
        Functions<T> functions_;
    };
    return Type<T>(std::make_shared<const Custom>(std::move(functions)));
}

/// What a text was expected to be, where the declared text is not precise enough; empty: use that one.
inline tl::unexpected<std::string> not_expected(std::string text = {}) {
    return tl::unexpected<std::string>(std::move(text));
}

/// {"anyOf": […]}: variables may stand for any scalar.
Node or_variable(Node schema);

/// What every type has that is one scalar.
class AnyLeaf : public AnyType {
  public:
    AnyLeaf(std::string expected, Node schema, bool is_text)
        : expected_(std::move(expected)), schema_(std::move(schema)), is_text_(is_text) {}
    bool read(const Node& node, Reader& reader, void* out) const override;
    Node show(const Node* node, const void* value) const override;
    Node schema() const override { return or_variable(schema_); }

  private:
    /// Nothing if `text` was one, which `out` then is.
    virtual std::optional<std::string> parse(std::string_view text, void* out) const = 0;
    virtual Node write(const void* value) const = 0;

    std::string expected_;
    Node schema_;
    bool is_text_;
};

/// A type that is one scalar.
template <class T>
struct Leaf {
    std::string expected;  ///< "a duration such as 500ms"
    std::function<tl::expected<T, std::string>(std::string_view)> parse;
    std::function<Node(const T&)> write;
    Node schema;
    bool is_text = true;  ///< false: a number or boolean, which quotes would make a string
};

template <class T>
Type<T> leaf(Leaf<T> spec) {
    class LeafType : public AnyLeaf {
      public:
        explicit LeafType(Leaf<T> spec)
            : AnyLeaf(std::move(spec.expected), std::move(spec.schema), spec.is_text),
              parse_(std::move(spec.parse)),
              write_(std::move(spec.write)) {}

      private:
        std::optional<std::string> parse(std::string_view text, void* out) const override {
            auto value = parse_(text);
            if (!value) return value.error();
            *static_cast<T*>(out) = std::move(*value);
            return std::nullopt;
        }
        Node write(const void* value) const override { return write_(*static_cast<const T*>(value)); }

        std::function<tl::expected<T, std::string>(std::string_view)> parse_;
        std::function<Node(const T&)> write_;
    };
    return Type<T>(std::make_shared<const LeafType>(std::move(spec)));
}

/// One of a set of words.
class AnyChoice : public AnyLeaf {
  public:
    explicit AnyChoice(std::vector<std::string> names);

  private:
    std::optional<std::string> parse(std::string_view text, void* out) const override;
    Node write(const void* value) const override;
    virtual void assign(void* out, std::size_t name) const = 0;
    virtual bool equals(const void* value, std::size_t name) const = 0;

    std::vector<std::string> names_;
};

/// One of a set of words.
template <class E>
Type<E> choice(std::initializer_list<std::pair<const char*, E>> words) {
    class Choice : public AnyChoice {
      public:
        Choice(std::vector<std::string> names, std::vector<E> values)
            : AnyChoice(std::move(names)), values_(std::move(values)) {}

      private:
        void assign(void* out, std::size_t name) const override { *static_cast<E*>(out) = values_[name]; }
        bool equals(const void* value, std::size_t name) const override {
            return *static_cast<const E*>(value) == values_[name];
        }
        std::vector<E> values_;
    };
    std::vector<std::string> names;
    std::vector<E> values;
    for (const auto& [name, value] : words) {
        names.emplace_back(name);
        values.push_back(value);
    }
    return Type<E>(std::make_shared<const Choice>(std::move(names), std::move(values)));
}

/// A type of optionals: of what `type` is, or no value, which `word` stands for if there is one.
class AnyOptional : public AnyType {
  public:
    AnyOptional(std::shared_ptr<const AnyType> type, std::optional<std::string> word)
        : type_(std::move(type)), word_(std::move(word)) {}
    bool read(const Node& node, Reader& reader, void* out) const override;
    Node show(const Node* node, const void* value) const override;
    Node schema() const override;

  private:
    virtual void reset(void* out) const = 0;
    virtual void* emplace(void* out) const = 0;
    /// What it holds, or null.
    virtual const void* get(const void* value) const = 0;

    std::shared_ptr<const AnyType> type_;
    std::optional<std::string> word_;
};

template <class T>
class OptionalType : public AnyOptional {
  public:
    using AnyOptional::AnyOptional;

  private:
    using Value = std::optional<T>;
    void reset(void* out) const override { static_cast<Value*>(out)->reset(); }
    void* emplace(void* out) const override { return &static_cast<Value*>(out)->emplace(); }
    const void* get(const void* value) const override {
        const auto& held = *static_cast<const Value*>(value);
        return held ? &*held : nullptr;
    }
};

/// A key that may be left out and then has no value.
template <class T>
Type<std::optional<T>> optionally(const Type<T>& type) {
    return Type<std::optional<T>>(std::make_shared<const OptionalType<T>>(type.any(), std::nullopt));
}

/// `word` (auto, say) stands for no value.
template <class T>
Type<std::optional<T>> word_or(const std::string& word, const Type<T>& type) {
    return Type<std::optional<T>>(std::make_shared<const OptionalType<T>>(type.any(), word));
}

/// A list, whatever its items are.
class AnyList : public AnyType {
  public:
    AnyList(std::shared_ptr<const AnyType> item, std::string expected, std::size_t at_least)
        : item_(std::move(item)), expected_(std::move(expected)), at_least_(at_least) {}
    bool read(const Node& node, Reader& reader, void* out) const override;
    Node show(const Node* node, const void* values) const override;
    Node schema() const override;

  private:
    virtual void resize(void* out, std::size_t size) const = 0;
    virtual std::size_t size(const void* values) const = 0;
    virtual void* item(void* out, std::size_t i) const = 0;
    virtual const void* item(const void* values, std::size_t i) const = 0;

    std::shared_ptr<const AnyType> item_;
    std::string expected_;
    std::size_t at_least_;
};

template <class T>
Type<std::vector<T>> list_of(const Type<T>& type, const std::string& expected, std::size_t at_least = 0) {
    using Values = std::vector<T>;
    class List : public AnyList {
      public:
        using AnyList::AnyList;

      private:
        void resize(void* out, std::size_t size) const override { *static_cast<Values*>(out) = Values(size); }
        std::size_t size(const void* values) const override {
            return static_cast<const Values*>(values)->size();
        }
        void* item(void* out, std::size_t i) const override { return &(*static_cast<Values*>(out))[i]; }
        const void* item(const void* values, std::size_t i) const override {
            return &(*static_cast<const Values*>(values))[i];
        }
    };
    return Type<std::vector<T>>(std::make_shared<const List>(type.any(), expected, at_least));
}

/// What is wrong with the name of a key that the user gives, or nothing.
using KeyFault = std::function<std::optional<std::string>(const std::string& key)>;

/// A mapping whose keys the user names, in the file's order.
template <class T>
Type<std::vector<std::pair<std::string, T>>> dictionary(const Type<T>& type, const std::string& expected,
                                                        const KeyFault& key_fault) {
    using Entries = std::vector<std::pair<std::string, T>>;
    return type_of<Entries>({
        .read =
            [type, expected, key_fault](const Node& node, Reader& reader, Entries& out) {
                if (!node.is_mapping()) {
                    return reader.refuse(node, "expected " + expected + ", not " + describe(node));
                }
                bool good = true;
                out.clear();
                for (const Member& member : node.members) {
                    const Reader::Scope scope(reader, member.key);
                    if (const auto wrong = key_fault(member.key))
                        good = reader.refuse_at(member.place, *wrong);
                    out.emplace_back(member.key, T{});
                    good = type.read(member.value, reader, out.back().second) && good;
                }
                return good;
            },
        .show =
            [type](const Node* node, const Entries& entries) {
                Node shown = Node::mapping();
                for (std::size_t i = 0; i < entries.size(); ++i) {
                    const auto& [key, value] = entries[i];
                    const Node* const written = node == nullptr ? nullptr : &node->members[i].value;
                    shown.members.push_back({.key = key, .value = type.show(written, value)});
                }
                return shown;
            },
        .schema =
            [type] {
                return Node::mapping()
                    .with("type", Node::string("object"))
                    .with("additionalProperties", type.schema());
            },
    });
}

}  // namespace pagehaul::config
