#include "source/link_header.h"

#include <algorithm>

#include "core/ascii.h"

namespace pagehaul::source {
namespace {

/// Reads a link's parameters up to the comma behind it. @return whether one of them is rel=next
bool read_parameters(std::string_view value, std::size_t& at) {
    bool is_next = false;
    bool seen_rel = false;
    const auto end_of = [&](std::string_view signs) {
        return std::min(value.find_first_of(signs, at), value.size());
    };
    while (at < value.size() && value[at] != ',') {
        at = std::min(value.find_first_not_of("; \t", at), value.size());
        const std::size_t name_end = end_of("=;, \t");
        const std::string name = lower(value.substr(at, name_end - at));
        at = std::min(value.find_first_not_of(" \t", name_end), value.size());
        if (at >= value.size() || value[at] != '=') continue;
        at = std::min(value.find_first_not_of(" \t", at + 1), value.size());
        std::string text;
        if (at < value.size() && value[at] == '"') {
            for (++at; at < value.size() && value[at] != '"'; ++at) {
                if (value[at] == '\\' && at + 1 < value.size()) ++at;
                text += value[at];
            }
            at = std::min(at + 1, value.size());
        } else {
            const std::size_t end = end_of("; \t,");
            text = value.substr(at, end - at);
            at = end;
        }
        // The first one counts (RFC 8288, 3.3); it may name several relations.
        if (name != "rel" || seen_rel) continue;
        seen_rel = true;
        is_next = (" " + lower(text) + " ").find(" next ") != std::string::npos;
    }
    return is_next;
}

}  // namespace

std::optional<std::string> next_of_link_header(std::string_view value) {
    for (std::size_t at = 0; at < value.size();) {
        const std::size_t open = value.find('<', at);
        if (open == std::string_view::npos) break;
        const std::size_t close = value.find('>', open);
        if (close == std::string_view::npos) break;
        at = close + 1;
        if (read_parameters(value, at)) return std::string(value.substr(open + 1, close - open - 1));
    }
    return std::nullopt;
}

}  // namespace pagehaul::source
