#include "source/linking.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/placeholders.h"
#include "http/url.h"

namespace pagehaul::source {

using record::Scalar;

namespace {

bool holds_token(std::string_view json_string) {
    const auto names = config::placeholders(nlohmann::json::parse(json_string).get<std::string>());
    return names && std::find(names->begin(), names->end(), "page.token") != names->end();
}

std::string json_text(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Copies a JSON text without blanks between its tokens; numbers stay as they are written.
class Pruning {
  public:
    explicit Pruning(std::string_view json) : json_(json) {}
    std::string run() {
        std::string out;
        value(out);
        return out;
    }

  private:
    std::string_view string() {
        const std::size_t begin = at_++;
        while (json_[at_] != '"')
            at_ += json_[at_] == '\\' ? 2 : 1;
        return json_.substr(begin, ++at_ - begin);
    }
    /// @return false: it is a text that would hold a token, and is left out.
    bool value(std::string& out) {
        if (json_[at_] == '"') {
            const std::string_view text = string();
            if (holds_token(text)) return false;
            out += text;
        } else if (json_[at_] == '{' || json_[at_] == '[') {
            container(out);
        } else {
            const std::size_t end = std::min(json_.find_first_of(",]}", at_), json_.size());
            out += json_.substr(at_, end - at_);
            at_ = end;
        }
        return true;
    }
    void container(std::string& out) {
        const bool object = json_[at_] == '{';
        const char end = object ? '}' : ']';
        out += json_[at_++];
        bool first = true;
        while (json_[at_] != end) {
            if (json_[at_] == ',') ++at_;
            std::string item;
            if (object) {
                item += string();
                item += json_[at_++];
            }
            if (!value(item)) continue;
            if (!first) out += ',';
            first = false;
            out += item;
        }
        out += json_[at_++];
    }

    std::string_view json_;
    std::size_t at_ = 0;
};

}  // namespace

std::string without_token(std::string_view json) {
    return Pruning(json).run();
}

config::SliceValue token_value(std::string_view token) {
    if (!token.starts_with('"')) return {.text = std::string(token), .is_number = true};
    return {.text = nlohmann::json::parse(token).get<std::string>()};
}

Result<std::optional<std::string>> token_of(const Scalar& told) {
    switch (told.type) {
        case Scalar::Type::missing:
        case Scalar::Type::null:
            return std::nullopt;
        case Scalar::Type::boolean:
            if (told.text == "false") return std::nullopt;
            break;
        case Scalar::Type::number:
            return told.text;
        case Scalar::Type::string:
            if (told.text.empty()) return std::nullopt;
            return json_text(told.text);
        case Scalar::Type::container:
            break;
    }
    return fail(ErrorKind::data, "source.pagination.token", "expected a text or a number");
}

namespace {

/// The name of the parameter that the credential is sent in; empty: it is sent elsewhere.
std::string credential_parameter(const config::SourceAuth& auth) {
    if (const auto* query = std::get_if<config::AuthQuery>(&auth)) return query->name;
    if (const auto* oauth2 = std::get_if<config::OAuth2>(&auth)) return oauth2->send.query.value_or("");
    if (const auto* login = std::get_if<config::Login>(&auth)) return login->send.query.value_or("");
    return {};
}

/// Of what is put into each request anew.
std::vector<std::string> own_parameters(const config::Source& source) {
    std::vector<std::string> names;
    if (std::string name = credential_parameter(source.auth); !name.empty()) names.push_back(std::move(name));
    const auto* const signing =
        source.signing ? std::get_if<config::SigningSteps>(&*source.signing) : nullptr;
    if (signing == nullptr) return names;
    for (const config::SigningStep& step : signing->steps)
        if (const auto* const send = std::get_if<config::SendStep>(&step); send != nullptr && send->query)
            names.push_back(*send->query);
    return names;
}

}  // namespace

Result<std::string> link_token(const config::Source& source, std::string_view target,
                               std::string_view token) {
    const std::string where =
        source.pagination.link ? "source.pagination.link" : "source.pagination.type: link_header";
    const Result<http::Url> base = http::parse_url(source.base_url);
    if (!base) return tl::unexpected(base.error());
    const auto linked = http::linked_target(*base, target, token_value(token).text);
    if (!linked) return fail(linked.error().kind, where, "the next page's link is " + linked.error().message);
    std::string next = *linked;
    for (const std::string& name : own_parameters(source))
        next = http::without_parameter(next, name);
    return json_text(next);
}

Scalar scalar_at(std::string_view json, const std::string& pointer) {
    using Type = Scalar::Type;
    const auto document = nlohmann::json::parse(json, nullptr, false);
    const nlohmann::json::json_pointer place(pointer);
    if (document.is_discarded() || !document.contains(place)) return {};
    const nlohmann::json& value = document.at(place);
    if (value.is_null()) return {.type = Type::null, .text = ""};
    if (value.is_string()) return {.type = Type::string, .text = value.get<std::string>()};
    if (value.is_boolean()) return {.type = Type::boolean, .text = value.dump()};
    if (value.is_number_integer()) return {.type = Type::number, .text = value.dump()};
    return {.type = Type::container, .text = ""};
}

}  // namespace pagehaul::source
