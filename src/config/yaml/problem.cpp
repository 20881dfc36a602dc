#include "config/yaml/problem.h"

#include "core/printable.h"

namespace pagehaul::config {

std::string Problem::line() const {
    return place.text() + (path.empty() ? "" : " " + path) + ": " + text;
}

std::string to_text(const Problems& problems) {
    std::string text;
    for (const auto& problem : problems) {
        if (!text.empty()) text += '\n';
        text += printable(problem.line());
    }
    return text;
}

std::string join_path(const std::string& parent, const std::string& key) {
    return parent.empty() ? key : parent + "." + key;
}

}  // namespace pagehaul::config
