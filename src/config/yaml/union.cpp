#include "config/yaml/union.h"

namespace pagehaul::config {

void AnyUnion::add(Choice choice) {
    choice.object.tag(tag_, choice.name);
    choices_.push_back(std::move(choice));
}

bool AnyUnion::read(const Node& node, Reader& reader, void* out) const {
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
            if (choice.name == tag->text) return choice.object.read(node, reader, choice.emplace(out));
        }
        for (const auto& name : not_built_) {
            if (name == tag->text) {
                return reader.refuse_member(node, tag_,
                                            "\"" + name + "\" is not built yet; expected " + one_of(names));
            }
        }
    }
    return reader.refuse_member(node, tag_, "expected " + one_of(names) + ", not " + describe(*tag));
}

Node AnyUnion::show(const Node* node, const void* value) const {
    for (const auto& choice : choices_) {
        if (const void* held = choice.get(value)) return choice.object.show(node, held);
    }
    return {};
}

Node AnyUnion::schema() const {
    Node all = Node::sequence({});
    for (const auto& choice : choices_)
        all.items.push_back(choice.object.schema());
    return Node::mapping().with("oneOf", std::move(all));
}

}  // namespace pagehaul::config
