#include "source/auth/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"
#include "scripted_transport.h"

namespace pagehaul::source {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

config::Redactor& redactor() {
    static config::Redactor known;
    return known;
}

http::Response answer(int status, std::string_view body, http::Headers headers = {}) {
    http::Response out;
    out.status = status;
    out.headers = std::move(headers);
    out.body = http::Body::of(body);
    return out;
}

const config::LoginToken kInBody{.pointer = "/data/token", .header = {}, .cookie = {}};
const config::LoginToken kInHeader{.pointer = {}, .header = "X-Auth-Token", .cookie = {}};
const config::LoginToken kInCookie{.pointer = {}, .header = {}, .cookie = "session"};

std::string refusal(const config::LoginToken& where, const http::Response& response) {
    const auto token = login_token(where, response, redactor());
    return token ? "none" : std::string(to_string(token.error().kind)) + ": " + token.error().text();
}

TEST(LoginRequest, IsAPostOfItsParameters) {
    config::LoginRequest how{.url = "https://api.example.com/v1/login",
                             .headers = {{"X-App", {"a", ""}}},
                             .parameters = {{"user", {"me", ""}}, {"password", {"p w", ""}}}};
    const auto request = login_request(how);
    EXPECT_EQ(request->method + " " + request->target, "POST /v1/login");
    EXPECT_EQ(request->body, R"({"user":"me","password":"p w"})");
    EXPECT_THAT(request->headers, Contains(Pair("X-App", "a")));
    how.body.as = config::TokenRequestBody::form;
    EXPECT_EQ(login_request(how)->body, "user=me&password=p%20w");
}

TEST(LoginRequest, MayHaveABodyOfItsOwnWhoseTextsAreReadAgain) {
    config::Login login;
    login.request.url = "https://api.example.com/v1/login";
    login.request.body.document = R"({"z":{"users":[{"pass/word":"${file:/p}"}]},"n":1,"a":null})";
    login.request.body.texts = {{"/z/users/0/pass~1word", {"p \"w", "${file:/p}"}}};
    EXPECT_EQ(login_request(login.request)->body,
              R"({"z":{"users":[{"pass/word":"p \"w"}]},"n":1,"a":null})");
    EXPECT_EQ(login_request(login.request)->content_type, "application/json");
    for (config::Secret* const secret : secrets_of(login))
        secret->value = "newer";
    EXPECT_EQ(login_request(login.request)->body,
              R"({"z":{"users":[{"pass/word":"newer"}]},"n":1,"a":null})");
}

TEST(LoginToken, IsInTheBodyAHeaderOrACookie) {
    EXPECT_EQ(login_token(kInBody, answer(200, R"({"data":{"token":"t0k-1"}})"), redactor()), "t0k-1");
    EXPECT_EQ(login_token(kInHeader, answer(204, "", {{"x-auth-token", "t0k-2"}}), redactor()), "t0k-2");
    EXPECT_EQ(
        login_token(
            kInCookie,
            answer(302, "", {{"set-cookie", "other=1; Path=/"}, {"set-cookie", "session=t0k-3; HttpOnly"}}),
            redactor()),
        "t0k-3");
    EXPECT_EQ(redactor().redact("t0k-1 t0k-2 t0k-3"), "*** *** ***");
}

TEST(LoginToken, ThatIsMissingIsNamedByItsPlace) {
    EXPECT_THAT(
        refusal(kInBody, answer(200, "{}")),
        HasSubstr("credential: source.auth.request.url: the login's answer holds no token at /data/token "
                  "(source.auth.token.pointer)"));
    EXPECT_THAT(refusal(kInCookie, answer(200, "{}")),
                HasSubstr("the cookie session (source.auth.token.cookie)"));
}

TEST(LoginToken, OfAServerThatRefusesIsDownOrIsNotThere) {
    EXPECT_THAT(refusal(kInBody, answer(401, "")), HasSubstr("credential: "));
    EXPECT_THAT(refusal(kInBody, answer(503, "")), HasSubstr("transient: "));
    EXPECT_THAT(refusal(kInBody, answer(404, "")), HasSubstr("config: "));
    EXPECT_THAT(refusal(kInBody, answer(302, "")), HasSubstr("config: "));
}

TEST(LoginTokens, AreShownForTheirLifetime) {
    testing::ManualClock clock;
    testing::ScriptedTransport transport;
    transport.then_status(200, R"({"data":{"token":"t0k-1"}})");
    config::Login auth{.request = {.url = "https://api.example.com/login", .headers = {}, .parameters = {}},
                       .token = kInBody,
                       .lifetime = config::Millis(60'000),
                       .send = {.header = {}, .prefix = {}, .query = {}, .cookie = "sid"}};
    LoginTokens source(
        auth, {.transport = transport, .clock = clock, .patience = Millis(1'000)},
        [](const config::Secret&) -> Result<config::Secret> {
            return fail(ErrorKind::credential, "", "static");
        },
        redactor());
    const auto granted = source.get(false, {});
    ASSERT_TRUE(granted);
    EXPECT_EQ(granted->lifetime, std::chrono::minutes(1));
    EXPECT_EQ(std::get<config::AuthHeader>(granted->auth).name, "Cookie");
    EXPECT_EQ(std::get<config::AuthHeader>(granted->auth).value.value, "sid=t0k-1");
}

}  // namespace
}  // namespace pagehaul::source
