#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::config {

/// Where a value was written. `origin` is the file's name, with line and column from 1 (a column
/// counts characters), or, with line 0, another source of values: "--set key.path=value".
struct Place {
    std::string origin;
    int line = 0;
    int column = 0;
    /// "file:line:col", or the origin alone.
    std::string text() const;
};

struct Member;

/// A tree of plain values: a config file as it was read, a JSON Schema, or a canonical form. Copied by value.
struct Node {
    enum class Kind { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    Place place;
    std::string text;            ///< of a scalar, with `${…}` expanded
    std::string raw;             ///< of a scalar, as it was written
    bool quoted = false;         ///< a scalar that can only be a string
    bool has_variables = false;  ///< `raw` holds `${…}`; the text is then never quoted in a message
    bool refused = false;        ///< an alias, which has got its problem and was read as null
    bool is_default = false;     ///< a shown key that holds what it would hold if it were left out
    std::vector<Member> members;
    std::vector<Node> items;

    static Node string(std::string_view text);
    static Node number(std::int64_t value);
    /// A plain scalar: what JSON reads as a number, true or false stays that; all else is a string.
    static Node plain(std::string_view text);
    static Node boolean(bool value);
    static Node sequence(std::vector<Node> items);
    static Node strings(const std::vector<std::string>& texts);
    static Node mapping();
    static Node mapping(std::vector<Member> members);

    bool is_null() const { return kind == Kind::null; }
    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_mapping() const { return kind == Kind::mapping; }

    /// The member, or null.
    const Member* find(std::string_view key) const;
    Member* find(std::string_view key);
    const Node* get(std::string_view key) const;
    /// Sets or replaces a member; returns this node, for building.
    Node& with(std::string_view key, Node value);
};

struct Member {
    std::string key;
    Node value;
    Place place{};  ///< of the key
};

// Here and not in the class: a body in the class would need the whole Member already.
inline Node Node::boolean(bool value) {
    return plain(value ? "true" : "false");
}

enum class JsonStyle {
    compact,         ///< members in their order
    compact_sorted,  ///< members by name: a canonical form
    indented,
};
/// JSON text of the tree. Values of `${…}` are strings, whatever they look like.
std::string to_json(const Node& node, JsonStyle style);

/// The token is a number in JSON's grammar: `010`, `+5`, `0x1f`, `.5` and `1_000` are not.
bool is_json_number(std::string_view token);

}  // namespace pagehaul::config
