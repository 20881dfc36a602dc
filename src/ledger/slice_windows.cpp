#include "ledger/slice_windows.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace pagehaul::ledger {
namespace {

using Span = SliceWindows::Span;

constexpr std::int64_t day_s = 86'400;

/// The number in `count` digits; nothing if they are none.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, number);
    if (error != std::errc{} || end != text.data() + at + count || number < 0) return std::nullopt;
    return number;
}

/// 2026-11-22
std::optional<std::int64_t> second_of_day(std::string_view text) {
    const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count() * day_s;
}

/// 2026-11-22T10:00:00+01:00
std::optional<std::int64_t> second_of_time(std::string_view text) {
    const auto day = second_of_day(text);
    const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    const auto hours = digits(text, 20, 2), minutes = digits(text, 23, 2);
    if (!day || !hour || !minute || !second || !hours || !minutes) return std::nullopt;
    const std::int64_t offset = *hours * 3'600 + *minutes * 60;
    return *day + *hour * 3'600 + *minute * 60 + *second + (text[19] == '-' ? offset : -offset);
}

std::optional<Span> span_of(const nlohmann::json& params, const std::string& name) {
    const auto text = [&](const std::string& key) -> std::string_view {
        const auto found = params.find(key);
        if (found == params.end() || !found->is_string()) return {};
        return found->get_ref<const std::string&>();
    };
    const std::string_view next = text(name + "_next");
    const auto begin = next.empty() ? second_of_day(text(name)) : second_of_time(text(name));
    const auto end = next.empty() ? second_of_day(text(name + "_end")) : second_of_time(next);
    if (!begin || !end) return std::nullopt;
    return Span{*begin, next.empty() ? *end + day_s : *end};
}

struct Read {
    std::string others;  ///< the stream, and the params that are of no window
    std::vector<Span> windows;
};

Read read(const std::string& stream, const std::string& params) {
    nlohmann::json object = nlohmann::json::parse(params, nullptr, false);
    if (!object.is_object()) return {};
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items())
        if (object.contains(name + "_end")) names.push_back(name);
    Read read;
    for (const std::string& name : names) {
        const auto span = span_of(object, name);
        if (!span) continue;
        read.windows.push_back(*span);
        for (const char* const end : {"", "_end", "_next"})
            object.erase(name + end);
    }
    read.others = stream + "\n" + object.dump();
    return read;
}

bool is_inside(const std::vector<Span>& inner, const std::vector<Span>& outer) {
    return std::equal(inner.begin(), inner.end(), outer.begin(), outer.end(),
                      [](Span in, Span out) { return out.begin <= in.begin && in.end <= out.end; });
}

bool meet(const std::vector<Span>& one, const std::vector<Span>& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](Span a, Span b) { return a.begin < b.end && b.begin < a.end; });
}

void merge(std::map<std::int64_t, std::int64_t>& merged, Span span) {
    auto at = merged.upper_bound(span.begin);
    if (at != merged.begin() && std::prev(at)->second >= span.begin) --at;
    for (; at != merged.end() && at->first <= span.end; at = merged.erase(at)) {
        span.begin = std::min(span.begin, at->first);
        span.end = std::max(span.end, at->second);
    }
    merged.emplace(span.begin, span.end);
}

}  // namespace

void SliceWindows::add(const std::string& stream, const std::string& params) {
    Read slice = read(stream, params);
    if (slice.windows.empty()) return;
    Group& group = groups_[slice.others];
    if (slice.windows.size() == 1)
        merge(group.merged, slice.windows.front());
    else
        group.boxes.push_back(std::move(slice.windows));
}

SliceWindows::Shared SliceWindows::shared(const std::string& stream, const std::string& params) const {
    const Read slice = read(stream, params);
    const auto found = groups_.find(slice.others);
    if (slice.windows.empty() || found == groups_.end()) return Shared::nothing;
    std::vector<std::vector<Span>> others = found->second.boxes;
    if (slice.windows.size() == 1) {
        const auto& merged = found->second.merged;
        auto at = merged.upper_bound(slice.windows.front().begin);
        if (at != merged.begin()) others.push_back({{std::prev(at)->first, std::prev(at)->second}});
        if (at != merged.end()) others.push_back({{at->first, at->second}});
    }
    Shared shared = Shared::nothing;
    for (const std::vector<Span>& other : others) {
        if (is_inside(slice.windows, other)) return Shared::all;
        if (meet(slice.windows, other)) shared = Shared::a_part;
    }
    return shared;
}

}  // namespace pagehaul::ledger
