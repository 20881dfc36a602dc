#include "source/auth/token_endpoint.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "http/authorize.h"
#include "http/url.h"

namespace pagehaul::source {
namespace {

constexpr std::string_view token_place = "source.auth.token_url";
constexpr std::size_t most_of_an_answer = 1U << 20U;
constexpr std::size_t most_of_a_text = 300;

/// RFC 6749, 5.2, in words that say what to mend.
struct Known {
    std::string_view error;
    std::string_view meaning;
};
constexpr std::array known_errors{
    Known{"invalid_client", "it does not know this client, or not by this secret (client_id, client_secret)"},
    Known{"invalid_grant",
          "what was shown for a token is wrong, has expired, was revoked or was used already (refresh_token, "
          "username and password, the assertion)"},
    Known{"unauthorized_client", "this client may not use this grant"},
    Known{"unsupported_grant_type", "it does not know this grant"},
    Known{"invalid_scope", "the scope is wrong, or more than this client may have"},
    Known{"invalid_request", "a parameter is missing, doubled or wrong"},
};

const nlohmann::json* at(const nlohmann::json& document, const std::string& pointer) {
    const nlohmann::json::json_pointer place(pointer);
    return document.contains(place) ? &document.at(place) : nullptr;
}

/// A scalar as text; empty where there is none.
std::string text_at(const nlohmann::json& document, const std::string& pointer) {
    const nlohmann::json* const value = at(document, pointer);
    if (value == nullptr || value->is_structured() || value->is_null()) return {};
    return value->is_string() ? value->get<std::string>() : value->dump();
}

std::optional<Nanos> lifetime_at(const nlohmann::json& document, const std::string& pointer) {
    const std::string text = text_at(document, pointer);
    double seconds = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (wrong != std::errc{} || end != text.data() + text.size() || !(seconds > 0)) return std::nullopt;
    constexpr double longest = 10.0 * 366 * 86'400;
    return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(std::min(seconds, longest)));
}

/// What the server says is wrong: "invalid_client, it does not …: its own words".
std::string told_error(const nlohmann::json& document, const config::TokenAnswer& names) {
    const std::string error = text_at(document, names.error);
    if (error.empty()) return {};
    std::string told = error.substr(0, most_of_a_text);
    const auto* const known = std::find_if(known_errors.begin(), known_errors.end(),
                                           [&](const Known& one) { return one.error == error; });
    if (known != known_errors.end()) told += ", " + std::string(known->meaning);
    const std::string own = text_at(document, names.description);
    if (!own.empty()) told += ": " + own.substr(0, most_of_a_text);
    return told;
}

std::string form(const TokenParameters& parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (!out.empty()) out += '&';
        http::append_encoded_component(out, name);
        out += '=';
        http::append_encoded_component(out, value);
    }
    return out;
}

std::string as_json(const TokenParameters& parameters) {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (const auto& [name, value] : parameters)
        out[name] = value;
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The name that the server has for one of RFC 6749's; empty: it is left out.
std::string own_name(const config::OAuth2& auth, const std::string& name) {
    for (const auto& [theirs, own] : auth.names)
        if (theirs == name) return own;
    return name;
}

}  // namespace

Result<http::Request> token_request(const config::OAuth2& auth, TokenParameters parameters) {
    const auto url = http::parse_url(auth.token_url);
    if (!url) return tl::unexpected<Error>(url.error());
    http::Request request{.method = "POST", .target = url->path};
    request.headers.emplace_back("Accept", "application/json");
    if (auth.scope) parameters.emplace_back("scope", *auth.scope);
    const std::string id = auth.client_id ? auth.client_id->value : "";
    if (auth.client_secret && auth.client_in == config::ClientIn::basic) {
        // RFC 6749, 2.3.1: both are encoded first.
        request.headers.emplace_back(
            "Authorization", http::basic_credentials(http::encode_component(id),
                                                     http::encode_component(auth.client_secret->value)));
    } else {
        if (auth.client_id) parameters.emplace_back("client_id", id);
        if (auth.client_secret) parameters.emplace_back("client_secret", auth.client_secret->value);
    }
    TokenParameters sent;
    for (auto& [name, value] : parameters)
        if (std::string own = own_name(auth, name); !own.empty()) sent.emplace_back(std::move(own), value);
    for (const auto& [name, value] : auth.parameters)
        sent.emplace_back(name, value.value);
    put_parameters(request, auth.body, sent);
    return request;
}

void put_parameters(http::Request& request, config::TokenRequestBody how, const TokenParameters& parameters) {
    const bool is_json = how == config::TokenRequestBody::json;
    request.body = is_json ? as_json(parameters) : form(parameters);
    request.content_type = is_json ? "application/json" : "application/x-www-form-urlencoded";
}

std::string text_in(std::string_view text, const std::string& pointer) {
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    return document.is_structured() ? text_at(document, pointer) : "";
}

Result<Tokens> read_tokens(const config::OAuth2& auth, const http::Response& answer,
                           config::Redactor& redactor) {
    const auto refusal = [](ErrorKind kind, const std::string& why) {
        return fail(kind, std::string(token_place), why);
    };
    const std::string status = "status " + std::to_string(answer.status);
    const nlohmann::json document = nlohmann::json::parse(answer.body.view(), nullptr, false);
    const std::string told = document.is_structured() ? told_error(document, auth.answer) : "";
    if (answer.status == 408 || answer.status == 429 || answer.status >= 500)
        return refusal(ErrorKind::transient, "the token server answers with " + status);
    if (answer.status / 100 == 3)
        return refusal(ErrorKind::config, "the token server answers with " + status +
                                              ", which is not followed; expected the URL that it leads to");
    if (answer.status == 404 || answer.status == 405)
        return refusal(ErrorKind::config, "there is no token server: " + status);
    const bool passes = told.starts_with("temporarily_unavailable") || told.starts_with("server_error");
    if (passes) return refusal(ErrorKind::transient, "the token server answers " + told);
    if (answer.status / 100 != 2 || !told.empty())
        return refusal(ErrorKind::credential, "the token server refuses: " + (told.empty() ? status : told));
    if (document.is_discarded()) return refusal(ErrorKind::transient, "the token server's answer is no JSON");
    Tokens tokens{.access = text_at(document, auth.answer.access_token),
                  .refresh = std::nullopt,
                  .lifetime = lifetime_at(document, auth.answer.expires_in)};
    redactor.add(tokens.access);
    if (std::string refresh = text_at(document, auth.answer.refresh_token); !refresh.empty()) {
        redactor.add(refresh);
        tokens.refresh = std::move(refresh);
    }
    if (tokens.access.empty())
        return refusal(ErrorKind::credential, "the token server's answer holds no token at " +
                                                  auth.answer.access_token +
                                                  " (source.auth.answer.access_token)");
    if (auth.lifetime) tokens.lifetime = *auth.lifetime;
    return tokens;
}

config::Auth shown(const config::SendToken& send, const std::string& token) {
    if (send.query) return config::AuthQuery{*send.query, {token, ""}};
    if (send.cookie) return config::AuthHeader{"Cookie", {*send.cookie + "=" + token, ""}};
    const std::string header = send.header.value_or("Authorization");
    const std::string prefix = send.prefix.value_or(send.header ? "" : "Bearer ");
    return config::AuthHeader{header, {prefix + token, ""}};
}

Result<http::Response> ask(const AuthServer& server, std::string_view where, const http::Request& request,
                           std::stop_token cancel) {
    auto answer = server.transport.send(request,
                                        {.deadline = Deadline::after(server.clock.now(), server.patience),
                                         .max_body = most_of_an_answer,
                                         .reserve = {}},
                                        std::move(cancel));
    if (answer) return answer;
    // What is wrong with the answer may be right the next time, as it is for the API.
    const ErrorKind kind =
        answer.error().kind == ErrorKind::permanent ? ErrorKind::transient : answer.error().kind;
    return fail(kind, std::string(where), answer.error().message);
}

}  // namespace pagehaul::source
