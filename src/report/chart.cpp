#include "report/chart.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string_view>

#include "core/number_text.h"

namespace pagehaul::report {
namespace {

constexpr double slot = 10;  // a bar with its gap, in the drawing's own units
constexpr double bar_width = 8;
constexpr double pause_width = 14;
constexpr double height = 100;
constexpr std::size_t least_slots = 12;       // few bars stay bars, and do not become blocks
constexpr double least_mark_distance = 0.17;  // of the width: four or five marks fit a phone

std::string units(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
    std::string text = buffer.data();
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

Html rect(std::string_view style, double x, double y, double width, double tall) {
    return shape("rect", {{"class", style},
                          {"x", units(x)},
                          {"y", units(y)},
                          {"width", units(width)},
                          {"height", units(tall)}});
}

/// Left edges of the bars, and behind them the width of the whole.
std::vector<double> places(const std::vector<Bar>& bars) {
    std::vector<double> edges;
    double at = 0;
    for (const Bar& bar : bars) {
        if (bar.after_pause) at += pause_width;
        edges.push_back(at);
        at += slot;
    }
    edges.push_back(std::max(at, slot * static_cast<double>(least_slots)));
    return edges;
}

/// A round number not below the highest bar; beyond 1 an even one, for the line in the middle.
std::int64_t axis_top(std::int64_t highest) {
    if (highest <= 1) return 1;
    for (std::int64_t power = 1; power < 1'000'000'000'000'000; power *= 10)
        for (const std::int64_t tenths : {10, 12, 15, 20, 25, 30, 40, 50, 60, 80}) {
            const std::int64_t top = tenths * power / 10;
            if (tenths * power % 20 == 0 && top >= highest) return top;
        }
    return highest;
}

Html grid(std::int64_t top, double width) {
    Html lines;
    for (const double part : {0.0, 0.5, 1.0}) {
        const std::string y = units(height * (1 - part));
        if (part > 0 && part < 1 && top < 2) continue;
        lines += shape("line", {{"class", "grid"}, {"x1", "0"}, {"x2", units(width)}, {"y1", y}, {"y2", y}});
    }
    return lines;
}

Html axis(std::int64_t top) {
    Html labels = element("span", {{"style", "bottom:100%"}}, number_text(top));
    if (top >= 2) labels += element("span", {{"style", "bottom:50%"}}, number_text(top / 2));
    return labels + element("span", {{"style", "bottom:0"}}, "0");
}

Html marks(const BarChart& chart, const std::vector<double>& edges) {
    Html labels;
    std::optional<double> before;
    for (const Mark& mark : chart.marks) {
        const double at = edges.at(mark.bar) / edges.back();
        if (before && at - *before < least_mark_distance) continue;
        before = at;
        const char* side = at < 0.06 ? "first" : at > 0.94 ? "last" : "";
        labels += element("span", {{"class", side}, {"style", "left:" + units(at * 100) + "%"}}, mark.text);
    }
    return labels;
}

}  // namespace

Html draw(const BarChart& chart) {
    std::int64_t highest = 1;
    for (const Bar& bar : chart.bars)
        highest = std::max(highest, bar.value + bar.pale);
    const std::int64_t top = axis_top(highest);
    const std::vector<double> edges = places(chart.bars);
    const std::string title = chart.id + "-t";
    const std::string description = chart.id + "-d";
    Html drawing = element("title", {{"id", title}}, chart.title) +
                   element("desc", {{"id", description}}, chart.description) + grid(top, edges.back());
    for (std::size_t i = 0; i < chart.bars.size(); ++i) {
        const Bar& bar = chart.bars[i];
        const double x = edges[i] + (slot - bar_width) / 2;
        if (bar.after_pause) {
            const std::string middle = units(edges[i] - pause_width / 2);
            drawing += shape(
                "line", {{"class", "pause"}, {"x1", middle}, {"x2", middle}, {"y1", "0"}, {"y2", "100"}});
        }
        if (bar.value + bar.pale == 0) continue;
        const auto tall = [&](std::int64_t value) {
            return value == 0 ? 0.0
                              : std::max(1.0, height * static_cast<double>(value) / static_cast<double>(top));
        };
        // The whole slot answers to the pointer, also above a low bar.
        Html group = element("title", bar.label) + rect("hit", edges[i], 0, slot, height);
        if (bar.value > 0) group += rect("", x, height - tall(bar.value), bar_width, tall(bar.value));
        if (bar.pale > 0)
            group += rect("pale", x, height - tall(bar.value) - tall(bar.pale), bar_width, tall(bar.pale));
        drawing += element("g", group);
    }
    const Html svg = element("svg",
                             {{"role", "img"},
                              {"aria-labelledby", title + " " + description},
                              {"viewBox", "0 0 " + units(edges.back()) + " 100"},
                              {"preserveAspectRatio", "none"}},
                             drawing);
    return element("div", {{"class", "plot"}},
                   element("div", {{"class", "y"}, {"aria-hidden", "true"}}, axis(top)) + svg +
                       element("div", {{"class", "x"}, {"aria-hidden", "true"}}, marks(chart, edges)));
}

Html draw_parts(const std::string& title, const std::vector<Part>& parts) {
    constexpr double whole = 1000;
    constexpr double least = 6;
    std::int64_t sum = 0;
    for (const Part& part : parts)
        sum += std::max<std::int64_t>(0, part.value);
    std::vector<double> widths;
    double wanted = 0;
    for (const Part& part : parts) {
        const double exact = sum == 0 ? 0
                                      : whole * static_cast<double>(std::max<std::int64_t>(0, part.value)) /
                                            static_cast<double>(sum);
        widths.push_back(part.value > 0 ? std::max(least, exact) : 0);
        wanted += widths.back();
    }
    Html drawing = rect("rest", 0, 0, whole, 10);
    double at = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (widths[i] == 0) continue;
        const double width = widths[i] * whole / wanted;
        drawing += element("rect",
                           {{"class", parts[i].style},
                            {"x", units(at)},
                            {"y", "0"},
                            {"width", units(width)},
                            {"height", "10"}},
                           element("title", parts[i].name));
        at += width;
    }
    return element("svg",
                   {{"class", "parts"},
                    {"role", "img"},
                    {"aria-label", title},
                    {"viewBox", "0 0 1000 10"},
                    {"preserveAspectRatio", "none"}},
                   drawing);
}

}  // namespace pagehaul::report
