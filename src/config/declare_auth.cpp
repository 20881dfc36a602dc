#include "config/credential_names.h"
#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"
#include "config/yaml/union.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

bool register_basic_credentials(const Node&, Reader& reader, AuthBasic& auth) {
    reader.add_secret(auth.username.value + ":" + auth.password.value);
    return true;
}

bool check_send_token(const Node& node, Reader& reader, SendToken& send) {
    if (send.query && send.cookie)
        return reader.refuse_member(node, "cookie", "expected no cookie beside query");
    if (!send.query && !send.cookie) return true;
    const std::string other = send.query ? "query" : "cookie";
    for (const std::string key : {"header", "prefix"})
        if (node.get(key) != nullptr)
            return reader.refuse_member(node, key, "expected no " + key + " beside " + other);
    return true;
}

/// The header, in lower case, and the query parameter that the auth sets itself.
struct Places {
    using Pair = std::pair<std::string, std::string>;
    Pair operator()(const AuthNone&) const { return {}; }
    Pair operator()(const AuthHeader& it) const { return {lower(it.name), ""}; }
    Pair operator()(const AuthBearer&) const { return {"authorization", ""}; }
    Pair operator()(const AuthBasic&) const { return {"authorization", ""}; }
    Pair operator()(const AuthQuery& it) const { return {"", it.name}; }
    Pair operator()(const OAuth2& it) const { return place(it.send); }
    Pair operator()(const Login& it) const { return place(it.send); }
    static Pair place(const SendToken& send) {
        if (send.query) return {"", *send.query};
        return {send.cookie ? "cookie" : lower(send.header.value_or("authorization")), ""};
    }
};

std::optional<std::string> not_empty(std::string_view name) {
    return name.empty() ? std::optional<std::string>("") : std::nullopt;
}

Type<std::string> auth_header() {
    return ruled_text("a header's name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", header_name_fault);
}
Type<std::string> auth_parameter() {
    return ruled_text("a query parameter's name", "^.+$", not_empty);
}

Type<std::string> auth_cookie() {
    return ruled_text("a cookie's name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                      [](std::string_view name) -> std::optional<std::string> {
                          if (is_header_name(name)) return std::nullopt;
                          return "";
                      });
}

/// The kinds that are what requests show, of a union that may have others too.
template <class A>
Union<A> static_kinds() {
    return Union<A>("type")
        .choice("none", Object<AuthNone>())
        .choice("header", Object<AuthHeader>()
                              .required("name", &AuthHeader::name, auth_header(), "The header's name.")
                              .required("value", &AuthHeader::value, secret(), "The header's value."))
        .choice("bearer", Object<AuthBearer>().required("token", &AuthBearer::token, secret(),
                                                        "Sent as Authorization: Bearer TOKEN."))
        .choice("basic", Object<AuthBasic>()
                             .required("username", &AuthBasic::username, user_name(), "The user's name.")
                             .required("password", &AuthBasic::password, secret(), "The user's password.")
                             .check({"username", "password"}, register_basic_credentials))
        .choice("query",
                Object<AuthQuery>()
                    .required("name", &AuthQuery::name, auth_parameter(), "The query parameter's name.")
                    .required("value", &AuthQuery::value, secret(), "The query parameter's value."));
}

}  // namespace

Type<Auth> declare_auth() {
    return static_kinds<Auth>();
}

Type<SourceAuth> declare_source_auth() {
    return static_kinds<SourceAuth>().choice("oauth2", declare_oauth2()).choice("login", declare_login());
}

bool tell_named_secrets(const Node& node, Reader& reader) {
    for (const std::string key : {"parameters", "headers", "body"}) {
        const Node* const part = node.get(key);
        if (part == nullptr) continue;
        const Reader::Scope scope(reader, key);
        tell_secrets(*part, key == "headers" ? is_credential_header : is_credential_name, reader);
    }
    return true;
}

Object<SendToken> declare_send_token() {
    return Object<SendToken>()
        .key("header", &SendToken::header, optionally(auth_header()),
             "The header that carries the token; left "
             "out: Authorization.")
        .key("prefix", &SendToken::prefix, optionally(text()),
             "What stands before the token in the header; left out: \"Bearer \" in Authorization, nothing in "
             "others.")
        .key("query", &SendToken::query, optionally(auth_parameter()),
             "The query parameter that carries the token, instead of a header.")
        .key("cookie", &SendToken::cookie, optionally(auth_cookie()),
             "The cookie that carries the token, instead of a header of its own.")
        .check({"header", "prefix", "query", "cookie"}, check_send_token);
}

std::pair<std::string, std::string> places_of(const SourceAuth& auth) {
    return std::visit(Places{}, auth);
}

bool check_auth_conflict(const Node& node, Reader& reader, Source& source) {
    const auto [header, parameter] = places_of(source.auth);
    bool good = true;
    for (const auto& [name, value] : source.request.headers) {
        if (lower(name) == header) {
            good =
                reader.refuse_below(node, {"request", "headers", name}, "this header is set by source.auth");
        }
    }
    for (const auto& [name, value] : source.request.query) {
        if (!parameter.empty() && name == parameter) {
            good =
                reader.refuse_below(node, {"request", "query", name}, "this parameter is set by source.auth");
        }
    }
    return good;
}

}  // namespace pagehaul::config
