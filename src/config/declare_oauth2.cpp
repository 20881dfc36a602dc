#include <algorithm>
#include <array>

#include "config/declaration.h"
#include "config/types.h"
#include "core/base64.h"
#include "core/seal.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

/// What RFC 6749 and our grants name, and a server may name otherwise.
constexpr std::array<const char*, 7> rfc_names{"client_id",     "client_secret", "grant_type", "password",
                                               "refresh_token", "scope",         "username"};

/// A key of some grants only.
struct OfGrants {
    const char* key;
    bool is_there;
    std::vector<OAuth2Grant> required;
    std::vector<OAuth2Grant> allowed;  ///< beside `required`
};

const char* grant_name(OAuth2Grant grant) {
    switch (grant) {
        case OAuth2Grant::client_credentials:
            return "client_credentials";
        case OAuth2Grant::refresh_token:
            return "refresh_token";
        case OAuth2Grant::password:
            return "password";
        case OAuth2Grant::jwt_bearer:
            return "jwt_bearer";
    }
    return "";
}

bool check_grant(const Node& node, Reader& reader, OAuth2& auth) {
    using enum OAuth2Grant;
    const std::vector<OfGrants> keys{
        {"client_id",
         auth.client_id.has_value(),
         {client_credentials},
         {refresh_token, password, jwt_bearer}},
        {"client_secret",
         auth.client_secret.has_value(),
         {client_credentials},
         {refresh_token, password, jwt_bearer}},
        {"username", auth.username.has_value(), {password}, {}},
        {"password", auth.password.has_value(), {password}, {}},
        {"refresh_token", auth.refresh_token.has_value(), {refresh_token}, {}},
        {"rotates", auth.rotates, {}, {refresh_token}},
        {"encrypt_key", auth.encrypt_key.has_value(), {}, {refresh_token}},
        {"jwt", auth.jwt.has_value(), {jwt_bearer}, {}},
    };
    bool good = true;
    const auto among = [&](const std::vector<OAuth2Grant>& grants) {
        return std::find(grants.begin(), grants.end(), auth.grant) != grants.end();
    };
    for (const OfGrants& key : keys) {
        const bool required = among(key.required);
        if (required && !key.is_there)
            good = reader.refuse_member(node, key.key,
                                        "required with grant: " + std::string(grant_name(auth.grant)));
        if (key.is_there && !required && !among(key.allowed))
            good = reader.refuse_member(
                node, key.key,
                "expected no " + std::string(key.key) + " with grant: " + grant_name(auth.grant));
    }
    if (auth.encrypt_key && !auth.rotates && auth.grant == refresh_token)
        good = reader.refuse_member(node, "encrypt_key", "expected rotates: true beside it");
    if (auth.client_secret && !auth.client_id)
        good = reader.refuse_member(node, "client_id", "expected beside client_secret");
    if (auth.client_id && auth.client_secret)
        reader.add_secret(auth.client_id->value + ":" + auth.client_secret->value);
    return good;
}

std::optional<std::string> rfc_name_fault(const std::string& name) {
    const std::vector<std::string> names(rfc_names.begin(), rfc_names.end());
    if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
    return "expected " + one_of(names);
}

Object<TokenAnswer> declare_token_answer() {
    return Object<TokenAnswer>()
        .key("access_token", &TokenAnswer::access_token, json_pointer("where the access token is"),
             "JSON pointer to the access token.")
        .key("expires_in", &TokenAnswer::expires_in, json_pointer("where the token's lifetime is"),
             "JSON pointer to its lifetime in seconds; nothing there: it is used until it is refused.")
        .key("refresh_token", &TokenAnswer::refresh_token, json_pointer("where the refresh token is"),
             "JSON pointer to a refresh token.")
        .key("error", &TokenAnswer::error, json_pointer("where an error's name is"),
             "JSON pointer to an error's name: what stands there makes the answer a refusal.")
        .key("description", &TokenAnswer::description, json_pointer("where an error's description is"),
             "JSON pointer to what the server says of the error.");
}

/// 32 bytes as base64.
Type<Secret> seal_key() {
    const Type<Secret> plain = secret();
    return type_of<Secret>({
        .read =
            [plain](const Node& node, Reader& reader, Secret& out) {
                if (!plain.read(node, reader, out)) return false;
                const auto bytes = from_base64(out.value);
                if (bytes && bytes->size() == seal_key_size) return true;
                return reader.refuse(node, "expected 32 bytes as base64, as of: openssl rand -base64 32");
            },
        .show = [plain](const Node* node, const Secret& value) { return plain.show(node, value); },
        .schema = [plain] { return plain.schema(); },
    });
}

Object<JwtBearer> declare_jwt() {
    const auto claim = [](const std::string& name) -> std::optional<std::string> {
        for (const std::string_view own : {"iss", "sub", "aud", "iat", "exp", "jti"})
            if (name == own) return "expected another claim: pagehaul sets this one itself";
        return name.empty() ? std::optional<std::string>("expected a claim's name, not an empty one")
                            : std::nullopt;
    };
    return Object<JwtBearer>()
        .required("key", &JwtBearer::key, private_key(),
                  "The private key, PEM: \"${file:/run/secrets/key.pem}\".")
        .key("algorithm", &JwtBearer::algorithm,
             choice<JwtAlgorithm>({{"RS256", JwtAlgorithm::rs256}, {"ES256", JwtAlgorithm::es256}}),
             "How the assertion is signed: RS256 with an RSA key, ES256 with one of the curve P-256.")
        .key("key_id", &JwtBearer::key_id, optionally(text()), "By which the server knows the key (kid).")
        .required("issuer", &JwtBearer::issuer, text(), "Who asks (iss).")
        .key("subject", &JwtBearer::subject, optionally(text()), "For whom (sub).")
        .key("audience", &JwtBearer::audience, optionally(text()), "Who is asked (aud); left out: token_url.")
        .key("lifetime", &JwtBearer::lifetime, duration(10s, 1h), "How long the assertion holds (exp).")
        .key("claims", &JwtBearer::claims,
             dictionary<std::string>(text(), "a mapping of claims to texts", claim),
             "More claims; scope, where the server wants it there.");
}

}  // namespace

Object<OAuth2> declare_oauth2() {
    const auto name_of_ours = [](const std::string& name) -> std::optional<std::string> {
        if (!name.empty()) return std::nullopt;
        return "expected a parameter's name, not an empty one";
    };
    return Object<OAuth2>()
        .required("grant", &OAuth2::grant,
                  choice<OAuth2Grant>({{"client_credentials", OAuth2Grant::client_credentials},
                                       {"refresh_token", OAuth2Grant::refresh_token},
                                       {"password", OAuth2Grant::password},
                                       {"jwt_bearer", OAuth2Grant::jwt_bearer}}),
                  "What the token server is shown for a token.")
        .required("token_url", &OAuth2::token_url, url(), "Where tokens are asked for.")
        .key("client_id", &OAuth2::client_id, optionally(open_secret("a client's name")),
             "By which the token server knows us.")
        .key("client_secret", &OAuth2::client_secret, optionally(secret()), "The client's secret.")
        .key("client_in", &OAuth2::client_in,
             choice<ClientIn>({{"basic", ClientIn::basic}, {"body", ClientIn::body}}),
             "Where client_id and client_secret are shown: in Authorization: Basic, or among the parameters.")
        .key("scope", &OAuth2::scope, optionally(text()), "What the token is to be good for.")
        .key("username", &OAuth2::username, optionally(open_secret("a user's name")), "With grant: password.")
        .key("password", &OAuth2::password, optionally(secret()), "With grant: password.")
        .key("refresh_token", &OAuth2::refresh_token, optionally(secret()), "With grant: refresh_token.")
        .key(
            "parameters", &OAuth2::parameters,
            dictionary<Secret>(open_secret("a text"), "a mapping of parameter names to values", name_of_ours),
            "More parameters of the request, audience say.")
        .key("names", &OAuth2::names,
             dictionary<std::string>(ruled_text("a parameter's name", "", [](auto) { return std::nullopt; }),
                                     "a mapping of RFC 6749's parameter names to the server's",
                                     rfc_name_fault),
             "What the server calls a parameter of RFC 6749; an empty name leaves it out.")
        .key("body", &OAuth2::body,
             choice<TokenRequestBody>({{"form", TokenRequestBody::form}, {"json", TokenRequestBody::json}}),
             "How parameters are sent.")
        .key("answer", &OAuth2::answer, Type<TokenAnswer>(declare_token_answer()),
             "Where the answer tells what.")
        .key("lifetime", &OAuth2::lifetime, optionally(duration(1s, 24h * 366)),
             "How long a token holds, whatever the answer tells.")
        .key("send", &OAuth2::send, Type<SendToken>(declare_send_token()),
             "Where requests to the API show the token.")
        .key("rotates", &OAuth2::rotates, boolean(),
             "Each use of the refresh token ends it and brings another: the pipeline's processes share the "
             "newest in the ledger, and one of them renews it at a time.")
        .key(
            "encrypt_key", &OAuth2::encrypt_key, optionally(seal_key()),
            "With rotates: what the ledger's copy is encrypted with (AES-256-GCM). Left out: it is stored as "
            "it is, and a warning says so.")
        .key("jwt", &OAuth2::jwt, optionally(Type<JwtBearer>(declare_jwt())),
             "With grant: jwt_bearer: the assertion.")
        .check({}, tell_named_secrets<OAuth2>)
        .check({"grant", "client_id", "client_secret", "username", "password", "refresh_token", "rotates",
                "encrypt_key", "jwt"},
               check_grant);
}

}  // namespace pagehaul::config
