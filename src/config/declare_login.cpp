#include "config/credential_names.h"
#include "config/declaration.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/values.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

bool check_login_token(const Node& node, Reader& reader, LoginToken& token) {
    const int places = (token.pointer ? 1 : 0) + (token.header ? 1 : 0) + (token.cookie ? 1 : 0);
    return places == 1 || reader.refuse(node, "expected exactly one of pointer, header and cookie");
}

Type<std::string> name_of_a_token(const std::string& expected) {
    return ruled_text(expected, "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                      [](std::string_view name) -> std::optional<std::string> {
                          if (is_header_name(name)) return std::nullopt;
                          return "";
                      });
}

/// Keeps what variables are in: it may be read again. Nobody knows of slices and pages here.
bool read_texts(const Node& node, Reader& reader, const std::string& pointer, LoginBody& out) {
    if (node.is_scalar()) {
        if (!placeholders(node.text).value_or(std::vector<std::string>{}).empty())
            return reader.refuse(node, "expected a text without {{ … }}: a login is of no page");
        if (node.has_variables) out.texts.emplace_back(pointer, Secret{node.text, node.raw});
    }
    bool good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        good = read_texts(node.items[i], reader, pointer + "/" + std::to_string(i), out) && good;
    }
    for (const Member& member : node.members) {
        const Reader::Scope scope(reader, member.key);
        good = read_texts(member.value, reader, pointer + pointer_to(member.key), out) && good;
    }
    return good;
}

Type<LoginBody> login_body() {
    const auto word =
        choice<TokenRequestBody>({{"json", TokenRequestBody::json}, {"form", TokenRequestBody::form}});
    const auto document = json_document();
    return type_of<LoginBody>({
        .read =
            [word, document](const Node& node, Reader& reader, LoginBody& out) {
                if (!node.is_mapping()) return word.read(node, reader, out.as);
                Json json;
                if (!document.read(node, reader, json)) return false;
                out.document = std::move(json.text);
                return read_texts(node, reader, "", out);
            },
        .show =
            [word, document](const Node* node, const LoginBody& value) {
                if (!value.document) return word.show(node, value.as);
                return without_secrets(document.show(node, {*value.document}), is_credential_name);
            },
        .schema =
            [word] {
                return Node::mapping().with(
                    "anyOf",
                    Node::sequence({word.schema(), Node::mapping().with("type", Node::string("object"))}));
            },
    });
}

bool check_login_body(const Node& node, Reader& reader, LoginRequest& request) {
    if (!request.body.document || request.parameters.empty()) return true;
    return reader.refuse_member(node, "parameters", "expected no parameters beside a body of its own");
}

Object<LoginRequest> declare_login_request() {
    const auto any_name = [](const std::string& name) -> std::optional<std::string> {
        if (!name.empty()) return std::nullopt;
        return "expected a parameter's name, not an empty one";
    };
    return Object<LoginRequest>()
        .required("url", &LoginRequest::url, url(), "Where the token is asked for, by POST.")
        .key("headers", &LoginRequest::headers,
             dictionary<Secret>(open_secret("a header's value"), "a mapping of header names to values",
                                [](const std::string& name) { return header_name_fault(name); }),
             "Headers of the request.")
        .key("parameters", &LoginRequest::parameters,
             dictionary<Secret>(open_secret("a text"), "a mapping of parameter names to values", any_name),
             "What the body holds: a user's name and password, say.")
        .key("body", &LoginRequest::body, login_body(),
             "How parameters are sent, json or form; or the body itself, a mapping, sent as JSON.")
        .check({"parameters", "body"}, check_login_body)
        .check({}, tell_named_secrets<LoginRequest>);
}

}  // namespace

Object<Login> declare_login() {
    const auto token =
        Object<LoginToken>()
            .key("pointer", &LoginToken::pointer, optionally(json_pointer("where the token is")),
                 "JSON pointer to the token in the answer's body.")
            .key("header", &LoginToken::header, optionally(name_of_a_token("a header's name")),
                 "The header of the answer that holds it.")
            .key("cookie", &LoginToken::cookie, optionally(name_of_a_token("a cookie's name")),
                 "The cookie that the answer sets.")
            .check({"pointer", "header", "cookie"}, check_login_token);
    return Object<Login>()
        .required("request", &Login::request, Type<LoginRequest>(declare_login_request()),
                  "The request that a token is got by.")
        .required("token", &Login::token, Type<LoginToken>(token), "Where its answer holds the token.")
        .key("lifetime", &Login::lifetime, optionally(duration(1s, 24h * 366)),
             "How long a token holds; left out: until it is refused.")
        .key("send", &Login::send, Type<SendToken>(declare_send_token()),
             "Where requests to the API show the token.");
}

}  // namespace pagehaul::config
