#include "source/auth/token_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

config::OAuth2 auth() {
    config::OAuth2 out;
    out.token_url = "https://login.example.com/oauth2/token";
    out.client_id = config::Secret{"s6BhdRkqt3", ""};
    out.client_secret = config::Secret{"gX1fBat3bV", ""};
    return out;
}

const TokenParameters kGrant{{"grant_type", "client_credentials"}};

Result<Tokens> read(int status, std::string_view body, const config::OAuth2& how = auth()) {
    static config::Redactor redactor;
    http::Response answer;
    answer.status = status;
    answer.body = http::Body::of(body);
    return read_tokens(how, answer, redactor);
}

std::string refusal(int status, std::string_view body) {
    const auto tokens = read(status, body);
    return tokens ? "no refusal" : std::string(to_string(tokens.error().kind)) + ": " + tokens.error().text();
}

// RFC 6749, 2.3.1 and 4.4.2.
TEST(TokenRequest, ShowsTheClientAsTheStandardHasIt) {
    const auto request = token_request(auth(), kGrant);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->target, "/oauth2/token");
    EXPECT_EQ(request->content_type, "application/x-www-form-urlencoded");
    EXPECT_EQ(request->body, "grant_type=client_credentials");
    EXPECT_THAT(request->headers, Contains(Pair("Authorization", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW")));
}

TEST(TokenRequest, EncodesNameAndSecretBeforeTheyAreBasic) {
    config::OAuth2 how = auth();
    how.client_id->value = "a:b";
    how.client_secret->value = "c d/e";
    // base64("a%3Ab:c%20d%2Fe")
    EXPECT_THAT(token_request(how, kGrant)->headers,
                Contains(Pair("Authorization", "Basic YSUzQWI6YyUyMGQlMkZl")));
}

TEST(TokenRequest, ShowsTheClientAmongTheParametersWhereTheConfigSaysSo) {
    config::OAuth2 how = auth();
    how.client_in = config::ClientIn::body;
    how.scope = "read write";
    how.parameters = {{"audience", {"https://api", ""}}};
    const auto request = token_request(how, kGrant);
    EXPECT_EQ(
        request->body,
        "grant_type=client_credentials&scope=read%20write&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV&"
        "audience=https%3A%2F%2Fapi");
    EXPECT_THAT(request->headers, Not(Contains(Pair("Authorization", ::testing::_))));
}

TEST(TokenRequest, OfAClientWithoutASecretNamesItAmongTheParameters) {
    config::OAuth2 how = auth();
    how.client_secret.reset();
    EXPECT_EQ(token_request(how, kGrant)->body, "grant_type=client_credentials&client_id=s6BhdRkqt3");
}

TEST(TokenRequest, TakesTheServersNamesAndLeavesOutWhatHasNone) {
    config::OAuth2 how = auth();
    how.client_in = config::ClientIn::body;
    how.body = config::TokenRequestBody::json;
    how.names = {{"client_id", "app_id"}, {"client_secret", "secret"}, {"grant_type", ""}};
    const auto request = token_request(how, {{"grant_type", "refresh_token"}, {"refresh_token", "r\"1"}});
    EXPECT_EQ(request->content_type, "application/json");
    EXPECT_EQ(request->body, R"({"refresh_token":"r\"1","app_id":"s6BhdRkqt3","secret":"gX1fBat3bV"})");
}

// RFC 6749, 5.1.
TEST(TokenAnswer, IsReadByTheStandardsNames) {
    const auto tokens = read(200, R"({"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example",)"
                                  R"("expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"})");
    ASSERT_TRUE(tokens) << tokens.error().text();
    EXPECT_EQ(tokens->access, "2YotnFZFEjr1zCsicMWpAA");
    EXPECT_EQ(tokens->refresh, "tGzv3JOkF0XG5Qx2TlKWIA");
    EXPECT_EQ(tokens->lifetime, 1h);
}

TEST(TokenAnswer, IsReadByTheConfigsPointers) {
    config::OAuth2 how = auth();
    how.answer.access_token = "/data/access_token";
    how.answer.expires_in = "/data/access_token_expires_in";
    const auto tokens =
        read(200, R"({"data":{"access_token":"2YotnFZ","access_token_expires_in":"86400"}})", how);
    ASSERT_TRUE(tokens) << tokens.error().text();
    EXPECT_EQ(tokens->access, "2YotnFZ");
    EXPECT_EQ(tokens->lifetime, 24h);
}

TEST(TokenAnswer, MayTellNoLifetimeAndAFixedOneIsWorthMore) {
    EXPECT_EQ(read(200, R"({"access_token":"2YotnFZ"})")->lifetime, std::nullopt);
    EXPECT_EQ(read(200, R"({"access_token":"2YotnFZ","expires_in":-1})")->lifetime, std::nullopt);
    EXPECT_EQ(read(200, R"({"access_token":"2YotnFZ","expires_in":0})")->lifetime, std::nullopt);
    config::OAuth2 how = auth();
    how.lifetime = config::Millis(10min);
    EXPECT_EQ(read(200, R"({"access_token":"2YotnFZ","expires_in":3600})", how)->lifetime, 10min);
}

TEST(TokenAnswer, IsMadeKnownAsASecretBeforeAnybodySeesIt) {
    config::Redactor redactor;
    http::Response answer;
    answer.status = 200;
    answer.body = http::Body::of(R"({"access_token":"2YotnFZFEjr1z","refresh_token":"tGzv3JOkF0XG"})");
    ASSERT_TRUE(read_tokens(auth(), answer, redactor));
    EXPECT_EQ(redactor.redact("2YotnFZFEjr1z and tGzv3JOkF0XG"), "*** and ***");
}

// RFC 6749, 5.2.
TEST(TokenAnswer, OfARefusalIsToldInWords) {
    EXPECT_EQ(refusal(401, R"({"error":"invalid_client"})"),
              "credential: source.auth.token_url: the token server refuses: invalid_client, it does not know "
              "this client, or not by this secret (client_id, client_secret)");
    EXPECT_THAT(
        refusal(400, R"({"error":"invalid_grant","error_description":"Token revoked"})"),
        HasSubstr("was used already (refresh_token, username and password, the assertion): Token revoked"));
    EXPECT_THAT(
        refusal(200, R"({"error":"bad_verification_code"})"),
        HasSubstr("credential: source.auth.token_url: the token server refuses: bad_verification_code"));
    EXPECT_THAT(refusal(403, "<html>"),
                HasSubstr("credential: source.auth.token_url: the token server refuses: "
                          "status 403"));
}

TEST(TokenAnswer, OfAServerThatIsDownPasses) {
    for (const int status : {408, 429, 500, 503})
        EXPECT_THAT(refusal(status, ""), HasSubstr("transient: source.auth.token_url")) << status;
    EXPECT_THAT(refusal(400, R"({"error":"temporarily_unavailable"})"), HasSubstr("transient: "));
    EXPECT_THAT(refusal(200, "<html>"), HasSubstr("transient: "));
}

TEST(TokenAnswer, OfAWrongUrlIsTheConfigs) {
    EXPECT_THAT(refusal(404, R"({"error":"Not Found"})"),
                HasSubstr("config: source.auth.token_url: there is no token server"));
    EXPECT_THAT(refusal(302, ""),
                HasSubstr("config: source.auth.token_url: the token server answers with status "
                          "302, which is not followed"));
}

TEST(TokenAnswer, WithoutATokenNamesWhereItWasLookedFor) {
    EXPECT_EQ(refusal(200, R"({"data":{"access_token":"hidden-token"}})"),
              "credential: source.auth.token_url: the token server's answer holds no token at /access_token "
              "(source.auth.answer.access_token)");
}

TEST(ShownToken, IsABearerUnlessTheConfigSaysOtherwise) {
    const auto header = [](const config::SendToken& send) {
        const auto it = std::get<config::AuthHeader>(shown(send, "t0k"));
        return it.name + ": " + it.value.value;
    };
    EXPECT_EQ(header({}), "Authorization: Bearer t0k");
    EXPECT_EQ(header({.header = {}, .prefix = "token ", .query = {}}), "Authorization: token t0k");
    EXPECT_EQ(header({.header = "Access-Token", .prefix = {}, .query = {}}), "Access-Token: t0k");
    EXPECT_EQ(
        std::get<config::AuthQuery>(shown({.header = {}, .prefix = {}, .query = "access_token"}, "t0k")).name,
        "access_token");
}

}  // namespace
}  // namespace pagehaul::source
