#include "source/auth/login.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/ascii.h"
#include "http/url.h"

namespace pagehaul::source {
namespace {

constexpr const char* kLoginPlace = "source.auth.request.url";

std::string document_of(const config::LoginBody& body) {
    using Document = nlohmann::ordered_json;
    Document document = Document::parse(*body.document);
    for (const auto& [pointer, text] : body.texts)
        document.at(Document::json_pointer(pointer)) = text.value;
    return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

/// The value of a cookie that the answer sets (RFC 6265, 4.1), or empty.
std::string cookie_in(const http::Response& answer, const std::string& cookie) {
    for (const auto& [name, value] : answer.headers) {
        if (name != "set-cookie" || !value.starts_with(cookie + "=")) continue;
        const std::string rest = value.substr(cookie.size() + 1);
        return rest.substr(0, rest.find(';'));
    }
    return {};
}

}  // namespace

Result<http::Request> login_request(const config::LoginRequest& how) {
    const auto url = http::parse_url(how.url);
    if (!url) return tl::unexpected<Error>(url.error());
    http::Request request{.method = "POST", .target = url->path};
    request.headers.emplace_back("Accept", "application/json");
    for (const auto& [name, value] : how.headers)
        request.headers.emplace_back(name, value.value);
    if (how.body.document) {
        request.body = document_of(how.body);
        request.content_type = "application/json";
        return request;
    }
    TokenParameters parameters;
    for (const auto& [name, value] : how.parameters)
        parameters.emplace_back(name, value.value);
    put_parameters(request, how.body.as, parameters);
    return request;
}

Result<std::string> login_token(const config::LoginToken& where, const http::Response& answer,
                                config::Redactor& redactor) {
    const std::string status = "status " + std::to_string(answer.status);
    if (answer.status == 408 || answer.status == 429 || answer.status >= 500)
        return fail(ErrorKind::transient, kLoginPlace, "the login answers with " + status);
    // A form's login likes to lead to the page behind it, with the cookie already there.
    const bool leads_on = answer.status / 100 == 3 && where.cookie;
    if (answer.status / 100 == 3 && !leads_on)
        return fail(ErrorKind::config, kLoginPlace,
                    "the login answers with " + status +
                        ", which is not followed; expected the URL that it leads to");
    if (answer.status == 404 || answer.status == 405)
        return fail(ErrorKind::config, kLoginPlace, "there is no login: " + status);
    if (answer.status / 100 != 2 && !leads_on)
        return fail(ErrorKind::credential, kLoginPlace, "the login is refused: " + status);
    std::string token;
    std::string place;
    if (where.pointer) {
        token = text_in(answer.body.view(), *where.pointer);
        place = *where.pointer + " (source.auth.token.pointer)";
    } else if (where.header) {
        token = answer.header(lower(*where.header));
        place = "the header " + *where.header + " (source.auth.token.header)";
    } else {
        token = cookie_in(answer, *where.cookie);
        place = "the cookie " + *where.cookie + " (source.auth.token.cookie)";
    }
    redactor.add(token);
    if (token.empty())
        return fail(ErrorKind::credential, kLoginPlace, "the login's answer holds no token at " + place);
    return token;
}

LoginTokens::LoginTokens(config::Login auth, const AuthServer& server, Reread reread,
                         config::Redactor& redactor)
    : auth_(std::move(auth)),
      server_(server),
      reread_(std::move(reread)),
      redactor_(redactor),
      may_change_(any_rereadable(secrets_of(auth_))) {}

Result<Granted> LoginTokens::get(bool, const Stops& stops) {
    const auto request = login_request(auth_.request);
    if (!request) return tl::unexpected<Error>(request.error());
    const auto answer = ask(server_, kLoginPlace, *request, stops.cancel);
    if (!answer) return tl::unexpected<Error>(answer.error());
    const auto token = login_token(auth_.token, *answer, redactor_);
    if (!token) return tl::unexpected<Error>(token.error());
    return Granted{.auth = shown(auth_.send, *token),
                   .lifetime = auth_.lifetime ? std::optional<Nanos>(*auth_.lifetime) : std::nullopt};
}

bool LoginTokens::look() {
    return reread_all(secrets_of(auth_), reread_);
}

}  // namespace pagehaul::source
