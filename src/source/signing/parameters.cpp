#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/url.h"
#include "source/signing/json_members.h"
#include "source/signing/steps.h"

namespace pagehaul::source {
namespace {

/// Plain.
using Pairs = std::vector<std::pair<std::string, std::string>>;

void collect_form(std::string_view text, Pairs& out) {
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        if (one.empty()) continue;
        const std::size_t equals = std::min(one.find('='), one.size());
        out.emplace_back(http::decode_component(one.substr(0, equals)),
                         http::decode_component(one.substr(std::min(equals + 1, one.size()))));
    }
}

void collect(config::ParameterPlace place, const config::ParametersStep& step, const http::Request& request,
             Pairs& out) {
    switch (place) {
        case config::ParameterPlace::query: {
            const std::size_t mark = request.target.find('?');
            if (mark != std::string::npos)
                collect_form(std::string_view(request.target).substr(mark + 1), out);
            break;
        }
        case config::ParameterPlace::form:
            collect_form(request.body, out);
            break;
        case config::ParameterPlace::body:
            for (const auto& [name, json] : json_members(request.body)) {
                const bool left_out = json == "null" && step.empty == config::EmptyParameters::left_out;
                if (!left_out) out.emplace_back(name, json_as_text(json));
            }
            break;
    }
}

bool among(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those that the step is for; one that it names and that is not there is an error, unless it may be empty.
Result<Pairs> chosen(const config::ParametersStep& step, Pairs all) {
    for (const std::string& name : step.only) {
        const bool there =
            std::any_of(all.begin(), all.end(), [&](const auto& pair) { return pair.first == name; });
        if (!there && step.empty == config::EmptyParameters::kept)
            return fail(ErrorKind::config, "source.signing",
                        "the request has no parameter " + name + " to be signed");
    }
    std::erase_if(all, [&](const auto& pair) {
        const bool wanted = step.only.empty() || among(step.only, pair.first);
        return !wanted || among(step.without, pair.first);
    });
    return all;
}

void put_in_order(config::ParameterOrder by, Pairs& pairs) {
    if (by == config::ParameterOrder::name) std::stable_sort(pairs.begin(), pairs.end());
    if (by == config::ParameterOrder::value)
        std::stable_sort(pairs.begin(), pairs.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
}

}  // namespace

Result<void> take(const config::ParametersStep& step, Draft& draft) {
    Pairs all;
    for (const config::ParameterPlace place : step.from)
        collect(place, step, draft.request, all);
    auto pairs = chosen(step, std::move(all));
    if (!pairs) return tl::unexpected(pairs.error());
    for (const auto& [name, text] : step.with) {
        auto value = filled(text.value, draft);
        if (!value) return tl::unexpected(value.error());
        pairs->emplace_back(name, std::move(*value));
    }
    if (step.empty == config::EmptyParameters::left_out)
        std::erase_if(*pairs, [](const auto& pair) { return pair.second.empty(); });
    put_in_order(step.sort, *pairs);
    const bool encoded = step.values == config::ParameterText::encoded;
    std::string out;
    std::string_view separator;
    for (const auto& [name, value] : *pairs) {
        Draft one{.request = draft.request, .host = {}, .now = {}, .random = draft.random};
        one.named["name"] = encoded ? http::encode_component(name) : name;
        one.value = encoded ? http::encode_component(value) : value;
        const auto text = filled(step.pair, one);
        if (!text) return tl::unexpected(text.error());
        out += separator;
        out += *text;
        separator = step.separator;
    }
    draft.value = std::move(out);
    return {};
}

}  // namespace pagehaul::source
