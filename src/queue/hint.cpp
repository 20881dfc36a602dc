#include "queue/hint.h"

#include <nlohmann/json.hpp>

namespace pagehaul::queue {
namespace {

constexpr int version = 1;

tl::unexpected<Error> unreadable(const std::string& expected) {
    return fail(ErrorKind::data, "queue", "a message is not one of ours: expected " + expected);
}

bool can_be_a_page(const Hint::Page& page) {
    return page.slice >= 1 && page.no >= 0;
}

/// Adds the pages behind the first one. @return whether they are pages
bool read_more(const nlohmann::json& more, std::vector<Hint::Page>& pages) {
    if (!more.is_array() || more.size() >= most_pages_of_a_hint) return false;
    for (const nlohmann::json& one : more) {
        if (!one.is_array() || one.size() != 2 || !one[0].is_number_integer() || !one[1].is_number_integer())
            return false;
        pages.push_back({.slice = one[0].get<std::int64_t>(), .no = one[1].get<std::int64_t>()});
        if (!can_be_a_page(pages.back())) return false;
    }
    return true;
}

}  // namespace

std::string write_hint(const Hint& hint) {
    nlohmann::ordered_json json;
    json["v"] = version;
    json["pipeline"] = hint.pipeline;
    json["config"] = hint.config;
    if (!hint.ledger.empty()) json["ledger"] = hint.ledger;
    json["run"] = hint.run;
    const Hint::Page& first = hint.pages.front();
    json["slice"] = first.slice;
    json["page"] = first.no;
    for (std::size_t i = 1; i < hint.pages.size(); ++i)
        json["more"].push_back({hint.pages[i].slice, hint.pages[i].no});
    return json.dump();
}

Result<Hint> read_hint(std::string_view body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object()) return unreadable("a JSON object");
    const auto number = [&](const char* name) -> std::int64_t {
        const auto found = json.find(name);
        return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : -1;
    };
    const auto text = [&](const char* name) -> std::string {
        const auto found = json.find(name);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (number("v") != version) return unreadable("version " + std::to_string(version) + " in v");
    Hint hint{.pipeline = text("pipeline"),
              .config = text("config"),
              .ledger = text("ledger"),
              .run = number("run"),
              .pages = {{.slice = number("slice"), .no = number("page")}}};
    if (hint.pipeline.empty() || hint.config.empty())
        return unreadable("the names of a pipeline and a config");
    if (hint.run < 1 || !can_be_a_page(hint.pages.front()))
        return unreadable("the numbers of a run, a slice and a page");
    if (const auto more = json.find("more"); more != json.end() && !read_more(*more, hint.pages))
        return unreadable("pairs of a slice and a page in more, fewer than " +
                          std::to_string(most_pages_of_a_hint));
    return hint;
}

bool is_of(const Hint& hint, std::string_view pipeline, std::string_view ledger) {
    return hint.pipeline == pipeline && (hint.ledger.empty() || hint.ledger == ledger);
}

}  // namespace pagehaul::queue
