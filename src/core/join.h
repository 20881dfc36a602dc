#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul {

/// The parts with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The same of what `make_text` makes of each element.
template <class Elements, class MakeText>
std::string join(const Elements& elements, std::string_view separator, const MakeText& make_text) {
    std::vector<std::string> parts;
    parts.reserve(std::size(elements));
    for (const auto& element : elements)
        parts.push_back(make_text(element));
    return join(parts, separator);
}

}  // namespace pagehaul
