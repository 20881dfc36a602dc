#include "config/placeholders.h"

#include <algorithm>
#include <cctype>

namespace pagehaul::config {

tl::expected<std::vector<std::string>, std::string> placeholders(std::string_view text) {
    std::vector<std::string> names;
    while (true) {
        const std::size_t open = text.find("{{");
        if (open == std::string_view::npos) return names;
        text.remove_prefix(open + 2);
        const std::size_t close = text.find("}}");
        if (close == std::string_view::npos) {
            return tl::unexpected<std::string>("expected }} after {{, as in {{ page.number }}");
        }
        std::string_view name = text.substr(0, close);
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        while (name.ends_with(' '))
            name.remove_suffix(1);
        const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
        });
        if (!good) {
            return tl::unexpected<std::string>(
                "expected a name between {{ and }}, such as {{ page.number }} or {{ slice.date }}");
        }
        names.emplace_back(name);
        text.remove_prefix(close + 2);
    }
}

}  // namespace pagehaul::config
