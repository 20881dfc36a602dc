#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml/type.h"

namespace pagehaul::config {

/// One key of an object.
struct Key {
    std::string name;
    std::string description;
    bool required = false;
    bool built = true;
    bool has_default = true;                ///< false: it follows from other keys
    std::shared_ptr<const AnyType> type{};  ///< null: not built
    std::size_t offset = 0;                 ///< of its member in the struct, in bytes
};

/// An Object<S> with its S erased: one code for all of them, however many structs and members there are.
class AnyObject : public AnyType {
  public:
    using Check = std::function<bool(const Node& node, Reader& reader, void* value)>;

    /// @param fresh an S{}: what a key that is left out holds.
    explicit AnyObject(std::shared_ptr<const void> fresh) : fresh_(std::move(fresh)) {}

    void add(Key key) { keys_.push_back(std::move(key)); }
    Key& last() { return keys_.back(); }
    /// The key by which a Union chose this object: accepted here, read there.
    void tag(const std::string& name, const std::string& value);
    void check(const std::vector<std::string>& needs, Check check);
    const void* fresh() const { return fresh_.get(); }

    bool read(const Node& node, Reader& reader, void* out) const override;
    Node show(const Node* node, const void* value) const override;
    Node schema() const override;

  private:
    struct Checked {
        std::vector<std::string> needs;
        Check run;
    };

    std::string key_list() const;
    Node schema_of(const Key& key) const;
    bool is_default(const Key& key, const Node& shown) const;
    /// Reports the keys of `node` that are not declared, or not built yet.
    bool refuse_other_keys(const Node& node, Reader& reader) const;

    std::shared_ptr<const void> fresh_;
    std::vector<Key> keys_;
    std::vector<Checked> checks_;
    std::string tag_;
    std::string tag_value_;
};

/// A mapping with declared keys, read into a struct. The default of a key that is left out is what S{} holds.
template <class S>
class Object {
  public:
    template <class T>
    Object& key(const std::string& name, T S::*member, const Type<T>& type, const std::string& description) {
        return add(name, offset_of(member), type.any(), description, false);
    }
    template <class T>
    Object& required(const std::string& name, T S::*member, const Type<T>& type,
                     const std::string& description) {
        return add(name, offset_of(member), type.any(), description, true);
    }
    /// A required key that fills more than one member: `type` is of the whole struct, and leaves the rest of
    /// it alone.
    Object& required_parts(const std::string& name, const Type<S>& type, const std::string& description) {
        return add(name, 0, type.any(), description, true);
    }
    /// The last key's default follows from other keys (its description says how): the schema gives none.
    Object& derived() {
        object_.last().has_default = false;
        return *this;
    }
    /// A key whose feature this version does not have: said so, rather than "unknown".
    Object& later(const std::string& name) {
        object_.add({.name = name, .description = {}, .built = false});
        return *this;
    }
    using Check = std::function<bool(const Node& node, Reader& reader, S& value)>;
    /// Checks keys against each other, or fills in what follows from others; reports and returns false, or
    /// returns true. Called once every key is read, unless one of those that `needs` names (paths from here)
    /// has a problem already.
    Object& check(const std::vector<std::string>& needs, Check check) {
        object_.check(needs, [check = std::move(check)](const Node& node, Reader& reader, void* value) {
            return check(node, reader, *static_cast<S*>(value));
        });
        return *this;
    }

    bool read(const Node& node, Reader& reader, S& out) const { return object_.read(node, reader, &out); }
    Node show(const Node* node, const S& value) const { return object_.show(node, &value); }
    Node schema() const { return object_.schema(); }

    operator Type<S>() const {  // NOLINT(google-explicit-constructor): an object is a type
        return Type<S>(std::make_shared<const AnyObject>(object_));
    }
    const AnyObject& any() const { return object_; }

  private:
    Object& add(const std::string& name, std::size_t offset, std::shared_ptr<const AnyType> type,
                const std::string& description, bool required) {
        object_.add({.name = name,
                     .description = description,
                     .required = required,
                     .type = std::move(type),
                     .offset = offset});
        return *this;
    }

    template <class T>
    std::size_t offset_of(T S::*member) const {
        const S& whole = *static_cast<const S*>(object_.fresh());
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(whole.*member)) -
                                        reinterpret_cast<const std::byte*>(&whole));
    }

    AnyObject object_{std::make_shared<const S>()};
};

}  // namespace pagehaul::config
