#pragma once

#include <string_view>
#include <vector>

namespace pagehaul {

/// What stands between the separators, empty texts too; of an empty text one of them. Views of `text`.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t end = 0; (end = text.find(separator)) != std::string_view::npos;) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

}  // namespace pagehaul
