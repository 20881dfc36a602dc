#include "record/pointer.h"

#include <charconv>

namespace pagehaul::record {

std::optional<Pointer> parse_pointer(std::string_view text) {
    Pointer steps;
    if (text.empty()) return steps;
    if (text.front() != '/') return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '/') {
            steps.emplace_back();
        } else if (text[i] != '~') {
            steps.back() += text[i];
        } else {
            const char next = i + 1 < text.size() ? text[i + 1] : '\0';
            if (next != '0' && next != '1') return std::nullopt;
            steps.back() += next == '0' ? '~' : '/';
            ++i;
        }
    }
    return steps;
}

std::optional<std::uint32_t> array_index(std::string_view step) {
    if (step.empty() || (step.size() > 1 && step.front() == '0')) return std::nullopt;
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (error != std::errc{} || end != step.data() + step.size()) return std::nullopt;
    return index;
}

}  // namespace pagehaul::record
