#include "config/object.h"

#include <algorithm>

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

}  // namespace

bool refuse_other_keys(const Node& node, Reader& reader, const std::vector<std::string>& known,
                       const std::vector<std::string>& not_built) {
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
        good = reader.refuse_at(member.place, meant.empty()
                                                  ? "unknown key; expected one of " +
                                                        [&] {
                                                            std::string list;
                                                            for (const auto& name : known)
                                                                list += (list.empty() ? "" : ", ") + name;
                                                            return list;
                                                        }()
                                                  : "unknown key; did you mean " + meant + "?");
    }
    return good;
}

}  // namespace pagehaul::config
