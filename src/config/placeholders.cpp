#include "config/placeholders.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/time_pattern.h"
#include "core/trim.h"

namespace pagehaul::config {
namespace {

tl::expected<Filter, std::string> read_filter(std::string_view text) {
    if (text == "epoch") return Filter{.kind = Filter::Kind::epoch, .pattern = {}};
    if (text == "epoch_ms") return Filter{.kind = Filter::Kind::epoch_ms, .pattern = {}};
    const tl::unexpected<std::string> unknown("expected epoch, epoch_ms or format('%Y%m%d') after |");
    constexpr std::string_view kFormat = "format";
    if (!text.starts_with(kFormat)) return unknown;
    text = trimmed(text.substr(kFormat.size()));
    if (!text.starts_with('(') || !text.ends_with(')')) return unknown;
    text = trimmed(text.substr(1, text.size() - 2));
    const bool quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
                        text.find(text.front(), 1) == text.size() - 1;
    if (!quoted) return unknown;
    Filter filter{.kind = Filter::Kind::format, .pattern = std::string(text.substr(1, text.size() - 2))};
    const auto pattern = TimePattern::compile(filter.pattern);
    if (!pattern) return tl::unexpected<std::string>("format: " + pattern.error());
    return filter;
}

}  // namespace

tl::expected<Placeholder, std::string> read_placeholder(std::string_view inside) {
    const std::size_t bar = inside.find('|');
    Placeholder out{.name = std::string(trimmed(inside.substr(0, bar))), .filter = {}};
    const bool good = !out.name.empty() && std::all_of(out.name.begin(), out.name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    });
    if (!good) {
        return tl::unexpected<std::string>(
            "expected a name between {{ and }}, such as {{ page.number }} or {{ slice.date }}");
    }
    if (bar == std::string_view::npos) return out;
    auto filter = read_filter(trimmed(inside.substr(bar + 1)));
    if (!filter) return tl::unexpected(std::move(filter.error()));
    out.filter = std::move(*filter);
    return out;
}

tl::expected<std::vector<Placeholder>, std::string> read_placeholders(std::string_view text) {
    std::vector<Placeholder> found;
    while (true) {
        const std::size_t open = text.find("{{");
        if (open == std::string_view::npos) return found;
        text.remove_prefix(open + 2);
        const std::size_t close = text.find("}}");
        if (close == std::string_view::npos) {
            return tl::unexpected<std::string>("expected }} after {{, as in {{ page.number }}");
        }
        auto placeholder = read_placeholder(text.substr(0, close));
        if (!placeholder) return tl::unexpected(std::move(placeholder.error()));
        found.push_back(std::move(*placeholder));
        text.remove_prefix(close + 2);
    }
}

tl::expected<std::vector<std::string>, std::string> placeholders(std::string_view text) {
    auto found = read_placeholders(text);
    if (!found) return tl::unexpected(std::move(found.error()));
    std::vector<std::string> names;
    for (Placeholder& placeholder : *found)
        names.push_back(std::move(placeholder.name));
    return names;
}

bool names_run(std::string_view text) {
    const auto names = placeholders(text);
    return names && std::any_of(names->begin(), names->end(),
                                [](const std::string& name) { return name.starts_with("run."); });
}

}  // namespace pagehaul::config
