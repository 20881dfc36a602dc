#include "report/config_lines.h"
#include "core/join.h"

#include <nlohmann/json.hpp>

namespace pagehaul::report {

ConfigLines::ConfigLines(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        if (const std::size_t equals = line.find(" = "); equals != std::string::npos)
            lines_[line.substr(0, equals)] = line.substr(equals + 3);
        at = end + 1;
    }
}

bool ConfigLines::has(const std::string& prefix) const {
    const auto found = lines_.lower_bound(prefix);
    return found != lines_.end() && found->first.starts_with(prefix);
}

std::string ConfigLines::value(const std::string& key) const {
    const auto found = lines_.find(key);
    if (found == lines_.end()) return "";
    const auto json = nlohmann::json::parse(found->second, nullptr, false);
    if (json.is_null() || json.is_discarded()) return "";
    return json.is_string() ? json.get<std::string>() : found->second;
}

std::string ConfigLines::place(const std::string& key) const {
    const std::string header = value(key + ".header");
    return header.empty() ? value(key) : "the header " + header;
}

std::string ConfigLines::list(const std::string& key) const {
    std::vector<std::string> values;
    for (std::size_t i = 0; lines_.contains(key + "." + std::to_string(i)); ++i)
        values.push_back(value(key + "." + std::to_string(i)));
    return join(values, ", ");
}

std::string ConfigLines::streams() const {
    const std::string prefix = "streams.";
    std::vector<std::string> names;
    for (auto line = lines_.lower_bound(prefix); line != lines_.end() && line->first.starts_with(prefix);
         ++line) {
        const std::string name =
            line->first.substr(prefix.size(), line->first.find('.', prefix.size()) - prefix.size());
        if (names.empty() || names.back() != name) names.push_back(name);
    }
    return join(names, ", ");
}

std::string ConfigLines::slices() const {
    const std::string prefix = "source.slices.";
    std::vector<std::string> dimensions;
    std::string before;
    for (auto line = lines_.lower_bound(prefix); line != lines_.end() && line->first.starts_with(prefix);
         ++line) {
        const std::string name =
            line->first.substr(prefix.size(), line->first.find('.', prefix.size()) - prefix.size());
        if (name == before) continue;
        before = name;
        const std::string key = prefix + name;
        dimensions.push_back(name + ": " +
                             (has(key + ".from") ? value(key + ".from") + " to " + value(key + ".to") +
                                                       ", step " + value(key + ".step")
                                                 : list(key)));
    }
    return join(dimensions, "; ");
}

Told ConfigLines::told() const {
    if (!place("source.pagination.total.rows").empty()) return Told::rows;
    if (!place("source.pagination.total.pages").empty()) return Told::pages;
    return Told::nothing;
}

bool ConfigLines::told_is_advisory() const {
    return value("source.pagination.total.trust") == "advisory";
}

std::vector<std::pair<std::string, std::string>> ConfigLines::facts() const {
    std::vector<std::pair<std::string, std::string>> facts;
    const auto add = [&](const std::string& name, const std::string& text) {
        if (!text.empty()) facts.emplace_back(name, text);
    };
    const std::string method = value("source.request.method");
    add("API", value("source.base_url"));
    add("Request", method + (method.empty() ? "" : " ") + value("source.request.path"));
    add("Slices", slices());
    const std::string size = value("source.pagination.size");
    if (value("source.pagination.type") != "none" && size != "0") add("Rows a page", size);
    switch (told()) {
        case Told::rows:
            add("Total", std::string("in rows, at ") + place("source.pagination.total.rows") +
                             (told_is_advisory() ? ", advisory" : ""));
            break;
        case Told::pages:
            add("Total", "in pages, at " + place("source.pagination.total.pages"));
            break;
        case Told::nothing:
            if (!lines_.empty() && !has("streams.")) add("Total", "not told by the API");
            break;
    }
    add("Streams", streams());
    add("Table", value("sink.table"));
    add("Key", list("sink.key"));
    add("Mode", value("sink.mode"));
    return facts;
}

}  // namespace pagehaul::report
