#include "source/children.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/join.h"
#include "record/copy_text.h"

namespace pagehaul::source {
namespace {

using Params = std::vector<std::pair<std::string, config::SliceValue>>;

/// A JSON scalar as what `{{ slice.NAME }}` is sent as.
std::optional<config::SliceValue> value_of(const std::optional<std::string>& json) {
    if (!json) return std::nullopt;
    const auto value = nlohmann::json::parse(*json, nullptr, false);
    if (value.is_string()) return config::SliceValue{.text = value.get<std::string>(), .is_number = false};
    if (value.is_number()) return config::SliceValue{.text = *json, .is_number = true};
    if (value.is_boolean()) return config::SliceValue{.text = *json, .is_number = false};
    return std::nullopt;
}

std::string key_of(const std::string& stream, const Params& params) {
    std::vector<std::string> parts;
    parts.reserve(params.size());
    for (const auto& [name, value] : params)
        parts.push_back(key_part(name, value.text));
    return slice_key(stream, join_key(std::move(parts)));
}

}  // namespace

Children::Children(const std::vector<config::Stream>& streams, const config::Stream& parent) {
    for (const config::Stream& stream : streams) {
        if (stream.parent.empty() || stream.parent != parent.name) continue;
        Child child{.name = stream.name, .values = {}};
        for (const config::Dimension& dimension : stream.source.slices) {
            Value value{.name = dimension.name};
            const auto* const of = std::get_if<config::ParentDimension>(&dimension.values);
            if (of == nullptr) {
                value.list = &std::get<config::ListDimension>(dimension.values);
            } else if (of->slice) {
                value.slice = *of->slice;
            } else {
                value.column = reads_.columns.size();
                reads_.columns.push_back({.name = stream.name + "." + dimension.name + ", from " + *of->from,
                                          .type = config::ColumnType::jsonb,
                                          .from = *of->from,
                                          .null_if = {}});
            }
            child.values.push_back(std::move(value));
        }
        streams_.push_back(std::move(child));
    }
    // Records are told from each other by their values as text: of two alike one is enough.
    const std::size_t values = reads_.columns.size();
    for (std::size_t i = 0; i < values; ++i) {
        config::Column key = reads_.columns[i];
        key.name += ", as text";
        key.type = config::ColumnType::text;
        reads_.key.push_back(key.name);
        reads_.columns.push_back(std::move(key));
    }
}

Result<std::vector<Slice>> Children::slices(const Slice& parent, std::string_view copy) const {
    std::vector<Slice> made;
    for (const std::string_view line : record::copy_lines(copy)) {
        const auto fields = record::copy_fields(line);  // the first one is the row's place
        for (const Child& child : streams_) {
            std::vector<Params> all(1);
            for (const Value& value : child.values) {
                std::vector<config::SliceValue> choices;
                if (value.list != nullptr) {
                    choices = value.list->values;
                } else if (!value.slice.empty()) {
                    const auto of_parent =
                        std::find_if(parent.params.begin(), parent.params.end(),
                                     [&](const auto& param) { return param.first == value.slice; });
                    if (of_parent == parent.params.end())
                        return fail(ErrorKind::bug, "slice " + parent.key, "it has no " + value.slice);
                    choices = {of_parent->second};
                } else {
                    const auto told = value_of(fields.at(value.column + 1));
                    if (!told)
                        return fail(ErrorKind::data, "",
                                    "a record has no text or number at \"" +
                                        reads_.columns[value.column].from +
                                        "\", which makes the slices of stream " + child.name);
                    choices = {*told};
                }
                std::vector<Params> longer;
                for (const Params& params : all)
                    for (const config::SliceValue& choice : choices) {
                        longer.push_back(params);
                        longer.back().emplace_back(value.name, choice);
                    }
                all = std::move(longer);
            }
            for (Params& params : all) {
                std::string key = key_of(child.name, params);
                made.push_back({.key = std::move(key), .params = std::move(params), .stream = child.name});
            }
        }
    }
    return made;
}

}  // namespace pagehaul::source
