#include <algorithm>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/placeholders.h"

namespace pagehaul::config {
namespace {

/// Has steps of more than what is the smallest window: a day, or a minute.
bool is_divisible(const Dimension& dimension) {
    if (const auto* dates = std::get_if<DateDimension>(&dimension.values))
        return dates->step_months > 0 || dates->step_days > 1;
    const auto* clock = std::get_if<ClockDimension>(&dimension.values);
    return clock != nullptr && clock->step > std::chrono::minutes(1);
}

/// The names of params that are others in the halves of a slice.
std::vector<std::string> names_that_split(const Source& source) {
    std::vector<std::string> names;
    for (const Dimension& dimension : source.slices) {
        if (!is_divisible(dimension)) continue;
        for (const char* const end : {"", "_end", "_next"})
            names.push_back("slice." + dimension.name + end);
    }
    return names;
}

bool is_split_rule(const Rule& rule) {
    return rule.then == RuleAction::split;
}

bool may_split(const Source& source) {
    const std::vector<Rule>& rules = source.response.rules;
    return source.pagination.max_rows || std::any_of(rules.begin(), rules.end(), is_split_rule);
}

}  // namespace

bool check_split_rules(const Node& node, Reader& reader, Source& source) {
    if (std::any_of(source.slices.begin(), source.slices.end(), is_divisible)) return true;
    bool good = true;
    const std::vector<Rule>& rules = source.response.rules;
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (is_split_rule(rules[i]))
            good = reader.refuse_below(node, {"response", "rules", std::to_string(i), "then"},
                                       "expected a window in source.slices with steps of more than a day, or "
                                       "a minute, beside split: it is what is halved");
    return good;
}

bool check_split_modes(const Node& node, Reader& reader, Config& config) {
    if (!may_split(config.source) || names_that_split(config.source).empty()) return true;
    const char* const key = config.sink.mode != Mode::upsert         ? "mode"
                            : config.sink.vanished != Vanished::keep ? "vanished"
                                                                     : nullptr;
    if (key == nullptr) return true;
    return reader.refuse_below(
        node, {"sink", key},
        std::string("expected ") + (config.sink.mode != Mode::upsert ? "upsert" : "keep") +
            " where slices may be split (pagination.max_rows, or a rule with then: split): "
            "which halves there are changes from run to run, and with it which rows of the "
            "table are a slice's");
}

bool check_split_keys(const Node& node, Reader& reader, Config& config) {
    if (!may_split(config.source)) return true;
    const std::vector<std::string> names = names_that_split(config.source);
    bool good = true;
    for (std::size_t i = 0; i < config.sink.columns.size(); ++i) {
        const Column& column = config.sink.columns[i];
        const std::vector<std::string>& key = config.sink.key;
        if (!column.value || std::find(key.begin(), key.end(), column.name) == key.end()) continue;
        const auto told = placeholders(*column.value).value_or(std::vector<std::string>{});
        const bool splits = std::any_of(told.begin(), told.end(), [&](const std::string& name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        });
        if (splits)
            good = reader.refuse_below(node, {"sink", "columns", std::to_string(i), "value"},
                                       "expected no bound of a window in a column of sink.key where slices "
                                       "may be split: the halves have other bounds, so each row would be "
                                       "there under both");
    }
    return good;
}

}  // namespace pagehaul::config
