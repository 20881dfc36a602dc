#include "config/response_place.h"

#include "config/types.h"
#include "config/values.h"
#include "config/yaml/object.h"

namespace pagehaul::config {
namespace {

bool check_place(const Node& node, Reader& reader, ResponsePlace& place) {
    if (place.pointer.has_value() != place.header.has_value()) return true;
    return reader.refuse(node, "expected exactly one of pointer and header");
}

}  // namespace

Type<std::string> response_header_name() {
    return ruled_text("a header's name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                      [](std::string_view name) -> std::optional<std::string> {
                          if (is_header_name(name)) return std::nullopt;
                          return "";
                      });
}

Type<ResponsePlace> response_place(const std::string& what) {
    const auto pointer = json_pointer("where " + what + " is");
    const Type<ResponsePlace> mapping =
        Object<ResponsePlace>()
            .key("pointer", &ResponsePlace::pointer, optionally(pointer), "JSON pointer into the response.")
            .key("header", &ResponsePlace::header, optionally(response_header_name()),
                 "The response's header of this name.")
            .check({"pointer", "header"}, check_place);
    return type_of<ResponsePlace>({
        .read =
            [pointer, mapping](const Node& node, Reader& reader, ResponsePlace& out) {
                if (node.is_mapping()) return mapping.read(node, reader, out);
                return pointer.read(node, reader, out.pointer.emplace());
            },
        .show =
            [pointer, mapping](const Node* node, const ResponsePlace& place) {
                if (place.header) return mapping.show(nullptr, place);
                const bool flat = node == nullptr || node->is_scalar();
                return pointer.show(flat ? node : node->get("pointer"), place.pointer.value_or(""));
            },
        .schema =
            [pointer, mapping] {
                return Node::mapping().with("anyOf", Node::sequence({pointer.schema(), mapping.schema()}));
            },
    });
}

}  // namespace pagehaul::config
