#include "config/stream_keys.h"
#include "config/streams.h"

namespace pagehaul::config {
namespace {

/// Takes the properties of these names out of a section's schema, with which of them are required.
template <class Keys>
void copy_keys(const Node& section, const Keys& keys, Node& properties) {
    for (const std::string_view key : keys)
        if (const Node* const schema = section.get("properties")->get(key)) properties.with(key, *schema);
}

/// {"required": [those of `names` that are, or are not, a stream's]}
Node required_of(const Node& names, bool with_streams) {
    Node required = Node::sequence({});
    for (const Node& name : names.items)
        if (!with_streams || (!is_in(kSourceKeys, name.text) && !is_in(kSinkKeys, name.text)))
            required.items.push_back(name);
    return Node::mapping().with("required", std::move(required));
}

}  // namespace

Node schema_with_streams(Node schema) {
    Node& properties = schema.find("properties")->value;
    Node of_stream = Node::mapping();
    Node with = Node::mapping();
    Node without = Node::mapping();
    for (const std::string_view name : {"source", "sink"}) {
        Node& section = properties.find(name)->value;
        name == "source" ? copy_keys(section, kSourceKeys, of_stream)
                         : copy_keys(section, kSinkKeys, of_stream);
        const Node required = section.find("required")->value;
        std::erase_if(section.members, [](const Member& member) { return member.key == "required"; });
        with.with(name, required_of(required, true));
        without.with(name, required_of(required, false));
    }
    properties.find("sink")
        ->value.find("properties")
        ->value.with(
            "schema",
            Node::mapping()
                .with("description", Node::string("With streams: the schema of every table that names none."))
                .with("type", Node::string("string")));
    of_stream.with("store", Node::mapping()
                                .with("description",
                                      Node::string("false: there is no table, the stream's records only make "
                                                   "slices of other streams."))
                                .with("type", Node::string("boolean"))
                                .with("default", Node::boolean(true)));
    properties.with(
        "streams",
        Node::mapping()
            .with("description",
                  Node::string("Several tables from one API: each stream's own keys by its name; what stands "
                               "under source and sink is shared, and a default."))
            .with("type", Node::string("object"))
            .with("minProperties", Node::number(1))
            .with("additionalProperties", Node::boolean(false))
            .with("patternProperties",
                  Node::mapping().with("^[a-z][a-z0-9_]{0,62}$",
                                       Node::mapping()
                                           .with("type", Node::string("object"))
                                           .with("additionalProperties", Node::boolean(false))
                                           .with("properties", std::move(of_stream)))));
    schema.with("if", Node::mapping().with("required", Node::strings({"streams"})));
    schema.with("then", Node::mapping().with("properties", std::move(with)));
    schema.with("else", Node::mapping().with("properties", std::move(without)));
    return schema;
}

}  // namespace pagehaul::config
