#include <algorithm>

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
        .key("step", &DateDimension::step_days, days(1, 3'650),
             "Days in one slice. Counted from `from` where that is a date, else from Monday, 5 January 1970: "
             "7d are calendar weeks. The first step is pulled whole, though it may begin before from; the "
             "last ends with the last day.")
        .key("zone", &DateDimension::zone, zone(), "Whose today it is.")
        .key("ready_at", &DateDimension::ready_at, optionally(time_of_day()),
             "When a day's data is ready, on the following day; days not ready are not planned.")
        .later("overlap")
        .check({"from", "to"}, check_dates);
}

using Values = std::variant<DateDimension, ListDimension>;

bool check_distinct(const Node& node, Reader& reader, const ListDimension& list) {
    bool good = true;
    for (std::size_t i = 0; i < list.values.size(); ++i) {
        const auto first = std::find_if(list.values.begin(), list.values.end(), [&](const SliceValue& value) {
            return value.text == list.values[i].text;
        });
        if (first == list.values.begin() + static_cast<std::ptrdiff_t>(i)) continue;
        good = reader.refuse_below(node, {std::to_string(i)},
                                   "duplicate value: its slice would be pulled twice");
    }
    return good;
}

// A dimension is a list of values, or a mapping of dates.
Type<Values> declare_values() {
    const Type<DateDimension> dates = declare_dates();
    const Type<std::vector<SliceValue>> list = list_of(slice_value(false), "a list of values", 1);
    return type_of<Values>({
        .read =
            [dates, list](const Node& node, Reader& reader, Values& out) {
                if (node.is_mapping()) {
                    DateDimension value;
                    if (!dates.read(node, reader, value)) return false;
                    out = std::move(value);
                    return true;
                }
                if (!node.is_sequence()) {
                    return reader.refuse(
                        node,
                        "expected a list of values or a mapping with from and to, not " + describe(node));
                }
                ListDimension value;
                if (!list.read(node, reader, value.values)) return false;
                if (!check_distinct(node, reader, value)) return false;
                out = std::move(value);
                return true;
            },
        .show =
            [dates, list](const Node* node, const Values& value) {
                if (const auto* date = std::get_if<DateDimension>(&value)) return dates.show(node, *date);
                return list.show(node, std::get<ListDimension>(value).values);
            },
        .schema =
            [dates, list] {
                return Node::mapping().with("oneOf", Node::sequence({list.schema(), dates.schema()}));
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

// `{{ slice.date_end }}` must mean one thing.
bool check_end_names(const Node& node, Reader& reader, const std::vector<Dimension>& dimensions) {
    bool good = true;
    for (const auto& dimension : dimensions) {
        if (!std::holds_alternative<DateDimension>(dimension.values)) continue;
        const std::string end = dimension.name + "_end";
        if (std::any_of(dimensions.begin(), dimensions.end(),
                        [&](const auto& other) { return other.name == end; })) {
            good = reader.refuse_below(
                node, {end}, "expected another name: " + end + " is the last day of " + dimension.name);
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
