#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pagehaul::config {

using Millis = std::chrono::milliseconds;

/// A value from the environment or a mounted file. Its text is for the wire only: never log, print or store
/// it.
struct Secret {
    std::string value;
    /// Files that `${file:…}` named, so that a refused credential can be read again once. Empty: static.
    std::string source;  ///< the unexpanded text, "${file:/run/token}"; what the fingerprint and messages use
};

struct AuthNone {};
struct AuthHeader {
    std::string name;
    Secret value;
};
struct AuthBearer {
    Secret token;
};
struct AuthBasic {
    Secret username;
    Secret password;
};
struct AuthQuery {
    std::string name;
    Secret value;
};
/// What a request shows.
using Auth = std::variant<AuthNone, AuthHeader, AuthBearer, AuthBasic, AuthQuery>;

/// Where requests show a token that was got. One of header, query and cookie.
struct SendToken {
    std::optional<std::string> header{};  ///< absent, and no other place: Authorization
    std::optional<std::string> prefix{};  ///< before it in the header; absent: "Bearer " in Authorization
    std::optional<std::string> query{};
    std::optional<std::string> cookie{};  ///< its name
};

/// Names of RFC 6749 that requests to a token server are made of.
enum class OAuth2Grant { client_credentials, refresh_token, password, jwt_bearer };
enum class ClientIn { basic, body };
enum class TokenRequestBody { form, json };
/// JSON pointers into a token server's answer.
struct TokenAnswer {
    std::string access_token = "/access_token";
    std::string expires_in = "/expires_in";
    std::string refresh_token = "/refresh_token";
    std::string error = "/error";
    std::string description = "/error_description";
};
enum class JwtAlgorithm { rs256, es256 };
/// An assertion that we sign ourselves (RFC 7523).
struct JwtBearer {
    Secret key;  ///< PEM
    JwtAlgorithm algorithm = JwtAlgorithm::rs256;
    std::optional<std::string> key_id;
    std::string issuer;
    std::optional<std::string> subject;
    std::optional<std::string> audience;  ///< absent: the token URL
    Millis lifetime{300'000};
    std::vector<std::pair<std::string, std::string>> claims;  ///< more of them, name -> text
};
/// A token of a token server (RFC 6749).
struct OAuth2 {
    OAuth2Grant grant = OAuth2Grant::client_credentials;
    std::string token_url;
    std::optional<Secret> client_id;
    std::optional<Secret> client_secret;
    ClientIn client_in = ClientIn::basic;
    std::optional<std::string> scope;
    std::optional<Secret> username;
    std::optional<Secret> password;
    std::optional<Secret> refresh_token;
    std::optional<JwtBearer> jwt;
    bool rotates = false;                                    ///< each use of the refresh token gives another
    std::optional<Secret> encrypt_key;                       ///< of what is stored then; base64 of 32 bytes
    std::vector<std::pair<std::string, Secret>> parameters;  ///< more of them, name -> value
    std::vector<std::pair<std::string, std::string>> names;  ///< RFC 6749's -> the server's; empty: left out
    TokenRequestBody body = TokenRequestBody::form;
    TokenAnswer answer;
    std::optional<Millis> lifetime;  ///< whatever the answer tells
    SendToken send;
};

/// Where a login's answer holds the token; one of them.
struct LoginToken {
    std::optional<std::string> pointer;  ///< JSON pointer into the body
    std::optional<std::string> header;
    std::optional<std::string> cookie;
};
/// Parameters as a form or a JSON object has them, or a document of its own.
struct LoginBody {
    TokenRequestBody as = TokenRequestBody::json;
    std::optional<std::string> document{};  ///< JSON, instead of parameters
    /// Texts of the document that variables are in, by the JSON pointers to them.
    std::vector<std::pair<std::string, Secret>> texts{};
};
struct LoginRequest {
    std::string url;
    std::vector<std::pair<std::string, Secret>> headers;
    std::vector<std::pair<std::string, Secret>> parameters;
    LoginBody body{};
};
/// A token of a request of our own making.
struct Login {
    LoginRequest request;
    LoginToken token;
    std::optional<Millis> lifetime;
    SendToken send;
};

/// How the source is shown who we are: what requests show, or where that is got.
using SourceAuth = std::variant<AuthNone, AuthHeader, AuthBearer, AuthBasic, AuthQuery, OAuth2, Login>;

}  // namespace pagehaul::config
