#include "source/slices.h"

#include <date/tz.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "config/values.h"
#include "core/join.h"
#include "log/log.h"
#include "source/slice_time.h"
#include "source/template.h"

namespace pagehaul::source {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::size_t kMostSlices = 1'000'000;
constexpr std::string_view kMillion = "more than a million slices";
// Where `from` slides, steps are counted from a day that does not, the first Monday of Unix time: whenever a
// run starts, a day is in the same step.
constexpr sys_days kFirstMonday{std::chrono::year{1970} / 1 / 5};

using Params = std::vector<std::pair<std::string, config::SliceValue>>;

/// One value of a dimension: what it adds to the key and to the params.
struct Choice {
    std::string key;
    Params params;
};

std::string text_of(sys_days day) {
    return date::format("%F", day);
}

sys_days day_of(const config::DayBound& bound, sys_days today) {
    return bound.day ? *bound.day : today + days(bound.relative_days);
}

/// The first day of the step that `day` is in.
sys_days step_begin(sys_days day, days step) {
    const days past = day - kFirstMonday;
    const days into = past % step;
    return day - (into < days(0) ? into + step : into);
}

/// The first day of the step of months that `day` is in; counted from January 1970, as years are.
sys_days step_begin(sys_days day, std::chrono::months step) {
    const std::chrono::year_month_day date(day);
    const int months = (static_cast<int>(date.year()) - 1970) * 12 +
                       static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    const int size = static_cast<int>(step.count());
    const int into = (months % size + size) % size;
    return sys_days((date.year() / date.month() / 1) - std::chrono::months(into));
}

/// Where the step that begins with `day` ends: the day behind it.
sys_days step_end(sys_days day, const config::DateDimension& dimension) {
    if (dimension.step_months == 0) return day + days(dimension.step_days);
    return sys_days(std::chrono::year_month_day(day) + std::chrono::months(dimension.step_months));
}

sys_days first_step(sys_days from, const config::DateDimension& dimension) {
    if (dimension.step_months > 0) return step_begin(from, std::chrono::months(dimension.step_months));
    return dimension.from.day ? from : step_begin(from, days(dimension.step_days));
}

/// What a step's key has behind its first day.
std::string step_text(const config::DateDimension& dimension) {
    if (dimension.step_months > 0) return "+" + config::write_months(dimension.step_months);
    return dimension.step_days == 1 ? "" : "+" + std::to_string(dimension.step_days) + "d";
}

/// When the data of `day` is ready. A local time that a zone skips is when the gap ends; one that it has
/// twice is the later: data is never taken for ready too early.
WallTime ready_time(sys_days day, std::chrono::minutes ready_at, const date::time_zone& zone) {
    const date::local_seconds local{(day + days(1)).time_since_epoch() + ready_at};
    return zone.to_sys(local, date::choose::latest);
}

const date::time_zone* find_zone(const std::string& name) {
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string clock_text(std::chrono::minutes at) {
    return two_digits(at.count() / 60) + ":" + two_digits(at.count() % 60);
}

/// The last day that is ready, with a warning for each later one.
sys_days last_ready_day(const config::DateDimension& dimension, const std::string& where, sys_days from,
                        sys_days to, const date::time_zone& zone, WallTime now,
                        std::vector<std::string>& warnings) {
    if (!dimension.ready_at) return to;
    sys_days last = to;
    while (last >= from && ready_time(last, *dimension.ready_at, zone) > now)
        last -= days(1);
    for (sys_days day = last + days(1); day <= to; day += days(1)) {
        warnings.push_back(where + ": " + text_of(day) + " is not planned: its data is ready on " +
                           text_of(day + days(1)) + " at " + clock_text(*dimension.ready_at) + " " +
                           dimension.zone + " (ready_at)");
    }
    return last;
}

Result<std::vector<Choice>> expand_dates(const std::string& name, const config::DateDimension& dimension,
                                         WallTime now, std::vector<std::string>& warnings) {
    const std::string where = "source.slices." + name;
    const date::time_zone* const zone = find_zone(dimension.zone);
    if (zone == nullptr) {
        return fail(ErrorKind::config, where + ".zone",
                    "unknown time zone \"" + dimension.zone + "\"; expected a name such as Asia/Shanghai");
    }
    if (dimension.step_days < 1) {
        return fail(ErrorKind::config, where + ".step", "expected at least 1d");
    }
    const auto local_today = date::floor<days>(zone->to_local(now));
    const sys_days today{local_today.time_since_epoch()};
    const sys_days from = day_of(dimension.from, today);
    const sys_days to = day_of(dimension.to, today);
    if (from > to) {
        return fail(ErrorKind::config, where,
                    "from (" + text_of(from) + ") is after to (" + text_of(to) + ") today, " +
                        text_of(today) + " in " + dimension.zone);
    }
    if (static_cast<std::size_t>((to - from).count()) >= kMostSlices) {
        return fail(ErrorKind::config, where, "more than a million days");
    }
    const sys_days last = last_ready_day(dimension, where, from, to, *zone, now, warnings);
    std::vector<Choice> choices;
    if (last < from) return choices;
    for (sys_days day = first_step(from, dimension); day <= last; day = step_end(day, dimension)) {
        const std::string text = text_of(day);
        const std::string end_text = text_of(std::min(step_end(day, dimension) - days(1), last));
        choices.push_back({.key = key_part(name, text + step_text(dimension)),
                           .params = {{name, {.text = text, .is_number = false}},
                                      {name + "_end", {.text = end_text, .is_number = false}}}});
    }
    return choices;
}

using LocalMinutes = date::local_time<std::chrono::minutes>;

/// A clock's time in the step's whole numbers from midnight, downwards.
LocalMinutes floored(LocalMinutes time, std::chrono::minutes step) {
    const auto midnight = date::floor<days>(time);
    return midnight + (time - midnight) / step * step;
}

LocalMinutes time_of(const config::ClockBound& bound, WallTime now, const date::time_zone& zone) {
    if (bound.time) return LocalMinutes(bound.time->time_since_epoch());
    return date::floor<std::chrono::minutes>(zone.to_local(now + bound.relative));
}

Result<std::vector<Choice>> expand_clock(const std::string& name, const config::ClockDimension& dimension,
                                         WallTime now) {
    const std::string where = "source.slices." + name;
    const date::time_zone* const zone = find_zone(dimension.zone);
    if (zone == nullptr) {
        return fail(ErrorKind::config, where + ".zone",
                    "unknown time zone \"" + dimension.zone + "\"; expected a name such as Asia/Shanghai");
    }
    const auto step = dimension.step;
    const LocalMinutes from = floored(time_of(dimension.from, now, *zone), step);
    const LocalMinutes to = floored(time_of(dimension.to, now, *zone), step);
    if (from > to) return fail(ErrorKind::config, where, "from is after to now");
    if (static_cast<std::size_t>((to - from) / step) >= kMostSlices)
        return fail(ErrorKind::config, where, std::string(kMillion));
    const auto begin_of = [zone](LocalMinutes shown) {
        return zone->to_sys(date::local_seconds(shown), date::choose::earliest);
    };
    const auto value = [&dimension](date::sys_seconds time) {
        return config::SliceValue{.text = write_slice_time(time.time_since_epoch().count(), dimension.zone),
                                  .is_number = false};
    };
    std::vector<Choice> choices;
    for (LocalMinutes shown = from; shown < to; shown += step) {
        const date::sys_seconds begin = begin_of(shown);
        const date::sys_seconds next = begin_of(shown + step);
        if (begin >= next) continue;  // the clock skips it
        choices.push_back(
            {.key = key_part(name, date::format("%FT%R", shown) + "+" + config::write_duration(step)),
             .params = {{name, value(begin)},
                        {name + "_end", value(next - std::chrono::seconds(1))},
                        {name + "_next", value(next)}}});
    }
    return choices;
}

std::vector<Choice> expand_list(const std::string& name, const config::ListDimension& dimension) {
    std::vector<Choice> choices;
    for (const config::SliceValue& value : dimension.values) {
        choices.push_back({.key = key_part(name, value.text), .params = {{name, value}}});
    }
    return choices;
}

/// Reads a flat object; a number keeps the text it was written with.
class ParamsReader final : public nlohmann::json_sax<nlohmann::json> {
  public:
    Params params;

    bool null() override { return false; }
    bool boolean(bool) override { return false; }
    bool number_integer(number_integer_t number) override { return add(std::to_string(number), true); }
    bool number_unsigned(number_unsigned_t number) override { return add(std::to_string(number), true); }
    bool number_float(number_float_t, const string_t& raw) override { return add(raw, true); }
    bool string(string_t& text) override { return add(text, false); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return ++depth_ == 1; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return false; }
    bool end_array() override { return false; }
    bool key(string_t& name) override {
        name_ = name;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
        return false;
    }

  private:
    bool add(std::string text, bool is_number) {
        if (depth_ != 1) return false;
        params.emplace_back(name_, config::SliceValue{.text = std::move(text), .is_number = is_number});
        return true;
    }
    int depth_ = 0;
    std::string name_;
};

}  // namespace

// Signs that separate keys are escaped in values, so that two slices never have one key.
std::string key_part(const std::string& name, const std::string& value) {
    std::string part = name + "=";
    for (const char c : value) {
        switch (c) {
            case ',':
                part += "%2C";
                break;
            case '=':
                part += "%3D";
                break;
            case '%':
                part += "%25";
                break;
            default:
                part += c;
        }
    }
    return part;
}

std::string join_key(std::vector<std::string> parts) {
    std::sort(parts.begin(), parts.end());
    return parts.empty() ? "all" : join(parts, ",");
}

std::vector<std::string> parameter_names(const config::Source& source) {
    std::vector<std::string> names;
    for (const config::Dimension& dimension : source.slices) {
        names.push_back(dimension.name);
        if (!config::is_time(dimension)) continue;
        names.push_back(dimension.name + "_end");
        if (std::holds_alternative<config::ClockDimension>(dimension.values))
            names.push_back(dimension.name + "_next");
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string slice_key(std::string_view stream, const std::string& key) {
    return stream.empty() ? key : std::string(stream) + "/" + key;
}

Result<SlicePlan> expand_slices(const config::Stream& stream, WallTime now) {
    if (!stream.parent.empty()) return SlicePlan{};
    auto plan = expand_slices(stream.source, now);
    if (!plan) return plan;
    for (Slice& slice : plan->slices) {
        slice.key = slice_key(stream.name, slice.key);
        slice.stream = stream.name;
    }
    return plan;
}

Result<SlicePlan> expand_slices(const config::Source& source, WallTime now) {
    SlicePlan plan;
    struct Partial {
        std::vector<std::string> key;
        Params params;
    };
    std::vector<Partial> partials(1);
    for (const config::Dimension& dimension : source.slices) {
        std::vector<Choice> choices;
        if (const auto* const dates = std::get_if<config::DateDimension>(&dimension.values)) {
            auto expanded = expand_dates(dimension.name, *dates, now, plan.warnings);
            if (!expanded) return tl::unexpected(std::move(expanded.error()));
            choices = std::move(*expanded);
        } else if (const auto* const clock = std::get_if<config::ClockDimension>(&dimension.values)) {
            auto expanded = expand_clock(dimension.name, *clock, now);
            if (!expanded) return tl::unexpected(std::move(expanded.error()));
            choices = std::move(*expanded);
        } else {
            choices = expand_list(dimension.name, std::get<config::ListDimension>(dimension.values));
        }
        if (partials.size() * choices.size() > kMostSlices) {
            return fail(ErrorKind::config, "source.slices", std::string(kMillion));
        }
        std::vector<Partial> next;
        next.reserve(partials.size() * choices.size());
        for (const Partial& partial : partials) {
            for (const Choice& choice : choices) {
                Partial longer = partial;
                longer.key.push_back(choice.key);
                longer.params.insert(longer.params.end(), choice.params.begin(), choice.params.end());
                next.push_back(std::move(longer));
            }
        }
        partials = std::move(next);
    }
    std::set<std::string> keys;
    for (Partial& partial : partials) {
        Slice slice{.key = join_key(std::move(partial.key)), .params = std::move(partial.params)};
        if (!keys.insert(slice.key).second) {
            return fail(ErrorKind::config, "source.slices", "the slice " + slice.key + " occurs twice");
        }
        plan.slices.push_back(std::move(slice));
    }
    return plan;
}

std::string to_json(const Slice& slice) {
    std::string out = "{";
    for (const auto& [name, value] : slice.params) {
        if (out.size() > 1) out += ',';
        out += '"';
        append_json_escaped(out, name);
        out += "\":";
        if (!value.is_number) out += '"';
        append_json_escaped(out, value.text);
        if (!value.is_number) out += '"';
    }
    return out += '}';
}

Result<Slice> slice_from_json(const std::string& key, const std::string& params, const std::string& stream) {
    ParamsReader reader;
    if (!nlohmann::json::sax_parse(params, &reader)) {
        return fail(ErrorKind::bug, "slice " + key,
                    "its parameters in the ledger are not a flat JSON object: " + log::excerpt(params, 200));
    }
    return Slice{.key = key, .params = std::move(reader.params), .stream = stream};
}

}  // namespace pagehaul::source
