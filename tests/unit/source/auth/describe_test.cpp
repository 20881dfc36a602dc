#include "source/auth/describe.h"

#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

config::OAuth2 oauth2(config::OAuth2Grant grant) {
    config::OAuth2 out;
    out.grant = grant;
    out.token_url = "https://login.example.com/token";
    out.client_id = config::Secret{"canary-id", ""};
    out.client_secret = config::Secret{"canary-secret", ""};
    return out;
}

TEST(DescribedAuth, IsWhatRequestsShowWithItsSecretsHidden) {
    EXPECT_EQ(describe_auth(config::AuthNone{}), "requests show nothing");
    EXPECT_EQ(describe_auth(config::AuthHeader{"X-Key", {"canary", ""}}), "requests show X-Key: ***");
    EXPECT_EQ(describe_auth(config::AuthBearer{{"canary", ""}}), "requests show Authorization: Bearer ***");
    EXPECT_EQ(describe_auth(config::AuthBasic{{"canary", ""}, {"canary", ""}}),
              "requests show Authorization: Basic ***");
    EXPECT_EQ(describe_auth(config::AuthQuery{"key", {"canary", ""}}), "requests show the parameter key=***");
}

TEST(DescribedAuth, OfATokenIsTheRequestThatGetsIt) {
    config::OAuth2 auth = oauth2(config::OAuth2Grant::client_credentials);
    auth.scope = "read";
    EXPECT_EQ(
        describe_auth(auth),
        "POST https://login.example.com/token, Authorization: Basic ***, "
        "grant_type=client_credentials&scope=read; its token is shown as Authorization: Bearer ***, for as "
        "long as the answer tells");
    auth = oauth2(config::OAuth2Grant::refresh_token);
    auth.client_in = config::ClientIn::body;
    auth.refresh_token = config::Secret{"canary-refresh", ""};
    auth.lifetime = config::Millis(3'600'000);
    auth.send.header = "Access-Token";
    auth.rotates = true;
    EXPECT_EQ(
        describe_auth(auth),
        "POST https://login.example.com/token, grant_type=refresh_token&refresh_token=***&client_id=***&"
        "client_secret=***; its token is shown as Access-Token: ***, for 3600 s; the pipeline's processes "
        "share it in the ledger");
}

TEST(DescribedAuth, OfALoginIsItsRequest) {
    const config::Login login{.request = {.url = "https://api.example.com/login",
                                          .headers = {{"X-App", {"canary", ""}}},
                                          .parameters = {{"user", {"canary", ""}}}},
                              .token = {.pointer = "/token", .header = {}, .cookie = {}},
                              .lifetime = {},
                              .send = {}};
    EXPECT_EQ(describe_auth(login),
              "POST https://api.example.com/login, X-App: ***, {\"user\":\"***\"}; its token is shown as "
              "Authorization: Bearer ***, until it is refused");
}

}  // namespace
}  // namespace pagehaul::source
