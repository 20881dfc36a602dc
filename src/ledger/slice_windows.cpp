#include "ledger/slice_windows.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "record/moment.h"

namespace pagehaul::ledger {
namespace {

using Span = SliceWindows::Span;

constexpr std::int64_t day_s = 86'400;

/// 2026-11-22, or 2026-11-22T10:00:00+01:00
std::optional<std::int64_t> second_of(std::string_view text) {
    record::Moment moment;
    if (!record::read_moment(text, moment)) return std::nullopt;
    return moment.micros() / 1'000'000;
}

std::optional<Span> span_of(const nlohmann::json& params, const std::string& name) {
    const auto text = [&](const std::string& key) -> std::string_view {
        const auto found = params.find(key);
        if (found == params.end() || !found->is_string()) return {};
        return found->get_ref<const std::string&>();
    };
    const std::string_view next = text(name + "_next");
    const auto begin = second_of(text(name));
    const auto end = second_of(next.empty() ? text(name + "_end") : next);
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
    Shared shared = Shared::nothing;
    const auto look_at = [&](const std::vector<Span>& other) {
        if (is_inside(slice.windows, other))
            shared = Shared::all;
        else if (shared == Shared::nothing && meet(slice.windows, other))
            shared = Shared::a_part;
    };
    std::for_each(found->second.boxes.begin(), found->second.boxes.end(), look_at);
    if (slice.windows.size() > 1) return shared;
    const auto& merged = found->second.merged;
    const auto behind = merged.upper_bound(slice.windows.front().begin);
    if (behind != merged.begin()) look_at({{std::prev(behind)->first, std::prev(behind)->second}});
    if (behind != merged.end()) look_at({{behind->first, behind->second}});
    return shared;
}

}  // namespace pagehaul::ledger
