#include "source/auth/describe.h"

#include <algorithm>
#include <variant>

#include "config/credential_names.h"
#include "source/auth/login.h"
#include "source/auth/oauth2.h"
#include "source/auth/secrets.h"
#include "source/auth/token_endpoint.h"

namespace pagehaul::source {
namespace {

constexpr const char* kHidden = "***";

/// The config as it is, with every secret hidden: what is built of it can be shown.
template <class Auth>
Auth hidden(Auth auth) {
    for (config::Secret* const secret : secrets_of(auth))
        secret->value = kHidden;
    return auth;
}

std::string shown_in(const config::Auth& auth) {
    struct Visitor {
        std::string operator()(const config::AuthNone&) const { return "nothing"; }
        std::string operator()(const config::AuthHeader& it) const { return it.name + ": " + it.value.value; }
        std::string operator()(const config::AuthBearer& it) const {
            return "Authorization: Bearer " + it.token.value;
        }
        std::string operator()(const config::AuthBasic&) const {
            return std::string("Authorization: Basic ") + kHidden;
        }
        std::string operator()(const config::AuthQuery& it) const {
            return "the parameter " + it.name + "=" + it.value.value;
        }
    };
    return std::visit(Visitor{}, auth);
}

std::string headers_of(const http::Request& request) {
    std::string out;
    for (const auto& [name, value] : request.headers) {
        if (name == "Accept") continue;
        const bool is_basic = value.starts_with("Basic ");
        out += ", " + name + ": " + (is_basic ? std::string("Basic ") + kHidden : value);
    }
    return out;
}

/// As it is sent but for the stars, which a form encodes.
std::string body_of(std::string body) {
    constexpr std::string_view encoded = "%2A%2A%2A";
    for (std::size_t at = 0; (at = body.find(encoded, at)) != std::string::npos;)
        body.replace(at, encoded.size(), kHidden);
    return body;
}

std::string exchange_of(const std::string& url, const http::Request& request) {
    return "POST " + url + headers_of(request) + ", " + body_of(request.body);
}

std::string lifetime_of(const std::optional<config::Millis>& lifetime, const std::string& otherwise) {
    if (!lifetime) return otherwise;
    return "for " + std::to_string(lifetime->count() / 1000) + " s";
}

TokenParameters hidden_grant(const config::OAuth2& auth) {
    if (auth.grant == config::OAuth2Grant::jwt_bearer)
        return {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", kHidden}};
    return *grant_parameters(auth, {}, "");
}

}  // namespace

std::string describe_auth(const config::SourceAuth& auth) {
    struct Visitor {
        std::string operator()(const config::OAuth2& it) const {
            const config::OAuth2 shown_one = hidden(it);
            const auto request = token_request(shown_one, hidden_grant(shown_one));
            if (!request) throw Failure(request.error());
            return exchange_of(it.token_url, *request) + "; its token is shown as " +
                   shown_in(shown(it.send, kHidden)) + ", " +
                   lifetime_of(it.lifetime, "for as long as the answer tells") +
                   (!it.rotates      ? ""
                    : it.encrypt_key ? "; the pipeline's processes share it in the ledger, encrypted"
                                     : "; the pipeline's processes share it in the ledger");
        }
        std::string operator()(const config::Login& it) const {
            const config::Login shown_one = hidden(it);
            const auto request = login_request(shown_one.request);
            if (!request) throw Failure(request.error());
            return exchange_of(it.request.url, *request) + "; its token is shown as " +
                   shown_in(shown(it.send, kHidden)) + ", " + lifetime_of(it.lifetime, "until it is refused");
        }
        std::string operator()(const config::Auth& it) const {
            return "requests show " + shown_in(hidden(it));
        }
    };
    return std::visit([](const auto& it) -> std::string { return Visitor{}(it); }, auth);
}

config::Auth stand_in(const config::SourceAuth& auth) {
    struct Visitor {
        config::Auth operator()(const config::OAuth2& it) const { return shown(it.send, kHidden); }
        config::Auth operator()(const config::Login& it) const { return shown(it.send, kHidden); }
        config::Auth operator()(const config::Auth& it) const { return hidden(it); }
    };
    return std::visit([](const auto& it) -> config::Auth { return Visitor{}(it); }, auth);
}

}  // namespace pagehaul::source
