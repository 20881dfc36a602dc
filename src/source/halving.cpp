#include "source/halving.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/time_pattern.h"
#include "source/slice_time.h"

namespace pagehaul::source {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t minute = 60;

/// What a window's params become, and what names it.
struct Cut {
    std::string name;  ///< of the dimension
    struct Half {
        std::string bounds;
        std::vector<std::pair<std::string, std::string>> params;
    };
    std::array<Half, 2> halves;
};

std::string param(const Slice& slice, const std::string& name) {
    const auto found = std::find_if(slice.params.begin(), slice.params.end(),
                                    [&](const auto& one) { return one.first == name; });
    if (found == slice.params.end())
        throw Failure(ErrorKind::bug, "slice " + slice.key, "it has no parameter " + name);
    return found->second.text;
}

Cut::Half days_half(const std::string& name, sys_days first, sys_days last) {
    static const TimePattern pattern = *TimePattern::compile("%F");
    const std::string from = pattern.write({.day = first, .offset_minutes = {}});
    const std::string to = pattern.write({.day = last, .offset_minutes = {}});
    return {.bounds = from + ".." + to, .params = {{name, from}, {name + "_end", to}}};
}

std::optional<Cut> cut_days(const Slice& slice, const std::string& name) {
    const auto day_of = [&](const std::string& text) {
        const auto read = read_slice_time(text, "Etc/UTC");
        if (!read) throw Failure(ErrorKind::bug, "slice " + slice.key, text + " is no day");
        return read->shown.day;
    };
    const sys_days first = day_of(param(slice, name));
    const sys_days last = day_of(param(slice, name + "_end"));
    if (first >= last) return std::nullopt;
    const sys_days middle = first + (last - first) / 2;
    return Cut{.name = name,
               .halves = {days_half(name, first, middle), days_half(name, middle + days(1), last)}};
}

Cut::Half clock_half(const std::string& name, std::int64_t begin, std::int64_t next,
                     const std::string& zone) {
    const std::string from = write_slice_time(begin, zone);
    const std::string to = write_slice_time(next, zone);
    return {
        .bounds = from + ".." + to,
        .params = {{name, from}, {name + "_end", write_slice_time(next - 1, zone)}, {name + "_next", to}}};
}

std::optional<Cut> cut_clock(const Slice& slice, const std::string& name, const std::string& zone) {
    const auto second_of = [&](const std::string& text) {
        const auto read = read_slice_time(text, zone);
        if (!read) throw Failure(ErrorKind::bug, "slice " + slice.key, text + " is no time");
        return read->epoch;
    };
    const std::int64_t begin = second_of(param(slice, name));
    const std::int64_t next = second_of(param(slice, name + "_next"));
    const std::int64_t minutes = (next - begin) / minute;
    if (minutes < 2) return std::nullopt;
    const std::int64_t middle = begin + minutes / 2 * minute;
    return Cut{.name = name,
               .halves = {clock_half(name, begin, middle, zone), clock_half(name, middle, next, zone)}};
}

/// The key with another text behind "NAME="; no value holds a sign that separates its parts.
std::string renamed(const std::string& key, const std::string& name, const std::string& text) {
    const std::string sign = name + "=";
    std::size_t at = key.starts_with(sign) ? 0 : key.find("," + sign) + 1;
    at += sign.size();
    return key.substr(0, at) + text + key.substr(std::min(key.find(',', at), key.size()));
}

Slice half_of(const Slice& slice, const std::string& name, const Cut::Half& half) {
    const std::size_t behind_stream = slice.stream.empty() ? 0 : slice.stream.size() + 1;
    Slice out{.key = slice_key(slice.stream, renamed(slice.key.substr(behind_stream), name, half.bounds)),
              .params = slice.params,
              .stream = slice.stream};
    for (auto& [param, value] : out.params)
        for (const auto& [changed, text] : half.params)
            if (param == changed) value.text = text;
    return out;
}

}  // namespace

Result<std::array<Slice, 2>> halve(const config::Source& source, const Slice& slice) {
    std::string smallest;
    for (const config::Dimension& dimension : source.slices) {
        std::optional<Cut> cut;
        if (std::holds_alternative<config::DateDimension>(dimension.values)) {
            cut = cut_days(slice, dimension.name);
            smallest = "a day is the smallest window that can be asked for";
        } else if (const auto* clock = std::get_if<config::ClockDimension>(&dimension.values)) {
            cut = cut_clock(slice, dimension.name, clock->zone);
            smallest = "a minute is the smallest window that can be asked for";
        }
        if (cut)
            return std::array<Slice, 2>{half_of(slice, cut->name, cut->halves[0]),
                                        half_of(slice, cut->name, cut->halves[1])};
    }
    if (smallest.empty()) smallest = "source.slices has no window of dates or times to halve";
    return fail(ErrorKind::data, "slice " + slice.key, std::move(smallest));
}

}  // namespace pagehaul::source
