#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "config/declaration.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/values.h"

namespace pagehaul::config {
namespace {

bool check_dates(const Node& node, Reader& reader, DateDimension& date) {
    const bool comparable = date.from.day.has_value() == date.to.day.has_value();
    if (!comparable) return true;  // one is relative: known only when the run starts
    const bool backwards =
        date.from.day ? *date.from.day > *date.to.day : date.from.relative_days > date.to.relative_days;
    if (!backwards) return true;
    return reader.refuse_member(node, "to", "expected a day that is not before from");
}

Object<DateDimension> declare_dates() {
    return Object<DateDimension>()
        .required("from", &DateDimension::from, day_bound(),
                  "The first day: 2026-10-01, or -7d before today.")
        .required("to", &DateDimension::to, day_bound(), "The last day, included.")
        .key(
            "step", &DateDimension::step_days, day_step(1, 3'650),
            "Days in one slice. Counted from `from` where that is a date, else from Monday, 5 January 1970: "
            "7d, or 1w, are calendar weeks. The first step is pulled whole, though it may begin before from; "
            "the last ends with the last day.")
        .key("zone", &DateDimension::zone, zone(), "Whose today it is.")
        .key("ready_at", &DateDimension::ready_at, optionally(time_of_day()),
             "When a day's data is ready, on the following day; days not ready are not planned.")
        .later("overlap")
        .check({"from", "to"}, check_dates);
}

Object<DateDimension> declare_months() {
    return Object<DateDimension>()
        .required("from", &DateDimension::from, day_bound(),
                  "A day of the first step: 2026-10-01, or -90d before today.")
        .required("to", &DateDimension::to, day_bound(), "The last day, included.")
        .required(
            "step", &DateDimension::step_months, month_step(),
            "Calendar months in one slice, counted from January: 3months are quarters. The first step is "
            "pulled whole; the last ends with the last day.")
        .key("zone", &DateDimension::zone, zone(), "Whose today it is.")
        .key("ready_at", &DateDimension::ready_at, optionally(time_of_day()),
             "When a day's data is ready, on the following day; days not ready are not planned.")
        .later("overlap")
        .check({"from", "to"}, check_dates);
}

bool check_clock(const Node& node, Reader& reader, ClockDimension& clock) {
    if (clock.from.time.has_value() != clock.to.time.has_value()) return true;
    const bool forwards =
        clock.from.time ? *clock.from.time < *clock.to.time : clock.from.relative < clock.to.relative;
    return forwards || reader.refuse_member(node, "to", "expected a time after from");
}

Object<ClockDimension> declare_clock() {
    return Object<ClockDimension>()
        .required("from", &ClockDimension::from, clock_bound(),
                  "A time of the first window: 2026-10-01T08:00, or -6h before the run's start.")
        .required("to", &ClockDimension::to, clock_bound(),
                  "When the last window ends, at the latest: 0h is now. A window that goes on is left out.")
        .required("step", &ClockDimension::step, clock_step(),
                  "Hours or minutes in one slice, counted from midnight of the zone's clock: 1h, 6h, 15m.")
        .key("zone", &ClockDimension::zone, zone(), "Whose clock it is.")
        .check({"from", "to"}, check_clock);
}

bool check_parent(const Node& node, Reader& reader, ParentDimension& parent) {
    if (parent.from.has_value() != parent.slice.has_value()) return true;
    return reader.refuse(
        node,
        "expected either from, a JSON pointer into the parent's records, or slice, a name of "
        "the parent's own slices");
}

Object<ParentDimension> declare_parent() {
    return Object<ParentDimension>()
        .required("stream", &ParentDimension::stream, text(),
                  "The stream whose records make slices of this one, one each.")
        .key("from", &ParentDimension::from,
             optionally(json_pointer("a JSON pointer into the parent's record: /id")),
             "JSON pointer to the value in the parent's record.")
        .key("slice", &ParentDimension::slice, optionally(text()),
             "Instead: the dimension of the parent's own slices that has the value.")
        .check({"from", "slice"}, check_parent);
}

using Values = std::variant<DateDimension, ListDimension, ClockDimension, ParentDimension>;

// Which of the kinds of steps a mapping is meant to be.
enum class Steps { days, months, clock };
Steps steps_of(const Node& node) {
    const Node* const step = node.get("step");
    if (step == nullptr || !step->is_scalar()) return Steps::days;
    if (step->text.find("month") != std::string::npos) return Steps::months;
    return step->text.ends_with('h') || step->text.ends_with('m') ? Steps::clock : Steps::days;
}

// PostgreSQL's texts hold no NUL: in the ledger a value with one would be another value.
bool check_values(const Node& node, Reader& reader, const ListDimension& list) {
    bool good = true;
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < list.values.size(); ++i) {
        const std::string& value = list.values[i].text;
        if (value.find('\0') != std::string::npos) {
            good = reader.refuse_below(node, {std::to_string(i)}, "expected a value without NUL");
        } else if (!seen.insert(value).second) {
            good = reader.refuse_below(node, {std::to_string(i)},
                                       "duplicate value: its slice would be pulled twice");
        }
    }
    return good;
}

// A dimension is a list of values, or a mapping of dates.
Type<Values> declare_values() {
    const Type<DateDimension> dates = declare_dates();
    const Type<DateDimension> months = declare_months();
    const Type<ClockDimension> clock = declare_clock();
    const Type<ParentDimension> parent = declare_parent();
    const Type<std::vector<SliceValue>> list = list_of(slice_value(false), "a list of values", 1);
    return type_of<Values>({
        .read =
            [dates, months, clock, parent, list](const Node& node, Reader& reader, Values& out) {
                const Steps steps = steps_of(node);
                if (node.is_mapping() && node.get("stream") != nullptr) {
                    ParentDimension value;
                    if (!parent.read(node, reader, value)) return false;
                    out = std::move(value);
                    return true;
                }
                if (node.is_mapping() && steps == Steps::clock) {
                    ClockDimension value;
                    if (!clock.read(node, reader, value)) return false;
                    out = std::move(value);
                    return true;
                }
                if (node.is_mapping()) {
                    DateDimension value;
                    if (!(steps == Steps::months ? months : dates).read(node, reader, value)) return false;
                    out = std::move(value);
                    return true;
                }
                if (!node.is_sequence()) {
                    return reader.refuse(
                        node,
                        "expected a list of values, a mapping with from and to, or one with stream and "
                        "from, not " +
                            describe(node));
                }
                ListDimension value;
                if (!list.read(node, reader, value.values)) return false;
                if (!check_values(node, reader, value)) return false;
                out = std::move(value);
                return true;
            },
        .show =
            [dates, months, clock, parent, list](const Node* node, const Values& value) {
                if (const auto* date = std::get_if<DateDimension>(&value))
                    return (date->step_months > 0 ? months : dates).show(node, *date);
                if (const auto* times = std::get_if<ClockDimension>(&value)) return clock.show(node, *times);
                if (const auto* of = std::get_if<ParentDimension>(&value)) return parent.show(node, *of);
                return list.show(node, std::get<ListDimension>(value).values);
            },
        .schema =
            [dates, months, clock, parent, list] {
                return Node::mapping().with(
                    "anyOf", Node::sequence({list.schema(), dates.schema(), months.schema(), clock.schema(),
                                             parent.schema()}));
            },
    });
}

std::optional<std::string> dimension_name_fault(const std::string& name) {
    const bool good =
        !name.empty() && (name.front() < '0' || name.front() > '9') &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
            std::string::npos;
    if (good) return std::nullopt;
    return "expected a dimension's name of letters, digits and _, which does not begin with a digit";
}

// `{{ slice.date_end }}` and `{{ slice.date_next }}` must mean one thing.
bool check_end_names(const Node& node, Reader& reader, const std::vector<Dimension>& dimensions) {
    bool good = true;
    for (const auto& dimension : dimensions) {
        if (!is_time(dimension)) continue;
        for (const std::string_view suffix : {"_end", "_next"}) {
            const std::string taken = dimension.name + std::string(suffix);
            if (std::none_of(dimensions.begin(), dimensions.end(),
                             [&](const auto& other) { return other.name == taken; }))
                continue;
            const std::string meaning = suffix == "_end" ? " is the last day of " : " is what follows ";
            good = reader.refuse_below(node, {taken},
                                       "expected another name: " + taken + meaning + dimension.name);
        }
    }
    return good;
}

}  // namespace

Type<std::vector<Dimension>> declare_slices() {
    using Entries = std::vector<std::pair<std::string, Values>>;
    const Type<Entries> named =
        dictionary<Values>(declare_values(), "a mapping of dimension names to values", dimension_name_fault);
    return type_of<std::vector<Dimension>>({
        .read =
            [named](const Node& node, Reader& reader, std::vector<Dimension>& out) {
                Entries entries;
                if (!named.read(node, reader, entries)) return false;
                for (auto& [name, values] : entries)
                    out.push_back({.name = name, .values = std::move(values)});
                return check_end_names(node, reader, out);
            },
        .show =
            [named](const Node* node, const std::vector<Dimension>& dimensions) {
                Entries entries;
                for (const auto& dimension : dimensions)
                    entries.emplace_back(dimension.name, dimension.values);
                return named.show(node, entries);
            },
        .schema = [named] { return named.schema(); },
    });
}

}  // namespace pagehaul::config
