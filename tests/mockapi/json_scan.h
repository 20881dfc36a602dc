#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mockapi {

/// A scalar of a JSON document: its pointer ("/page/page_index"), its text, and whether it was a string.
struct JsonScalar {
    std::string pointer;
    std::string text;
    bool is_string = false;
};

/// All scalars of a document, or nothing where it is not one whole JSON document.
std::optional<std::vector<JsonScalar>> scan_json(std::string_view text);

}  // namespace mockapi
