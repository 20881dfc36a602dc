#include "source/auth/oauth2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"
#include "scripted_transport.h"

namespace pagehaul::source {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

config::OAuth2 with(config::OAuth2Grant grant) {
    config::OAuth2 out;
    out.grant = grant;
    out.token_url = "https://login.example.com/token";
    out.client_id = config::Secret{"id", ""};
    out.client_secret = config::Secret{"old-secret", "${file:/run/secret}"};
    out.username = config::Secret{"me", ""};
    out.password = config::Secret{"pw", ""};
    out.refresh_token = config::Secret{"r-0", ""};
    return out;
}

TEST(Grants, ShowWhatTheStandardSays) {
    using enum config::OAuth2Grant;
    EXPECT_THAT(*grant_parameters(with(client_credentials), {}, ""),
                ElementsAre(Pair("grant_type", "client_credentials")));
    EXPECT_THAT(*grant_parameters(with(password), {}, ""),
                ElementsAre(Pair("grant_type", "password"), Pair("username", "me"), Pair("password", "pw")));
    EXPECT_THAT(*grant_parameters(with(refresh_token), {}, ""),
                ElementsAre(Pair("grant_type", "refresh_token"), Pair("refresh_token", "r-0")));
}

class GrantedTokens : public ::testing::Test {
  protected:
    OAuth2Tokens tokens(config::OAuth2Grant grant) {
        return {with(grant),
                {.transport = transport,
                 .clock = clock,
                 .patience = Millis(1'000),
                 .new_id = [] { return "id"; }},
                [this](const config::Secret& secret) -> Result<config::Secret> {
                    if (secret.source.empty()) return fail(ErrorKind::credential, "", "static");
                    return config::Secret{on_disk, secret.source};
                },
                redactor};
    }
    void answer(const std::string& body) {
        transport.then([this, body](const http::Request& request, std::stop_token) {
            bodies.push_back(request.body);
            http::Response response;
            response.status = 200;
            response.body = http::Body::of(body);
            return Result<http::Response>(std::move(response));
        });
    }

    testing::ManualClock clock;
    testing::ScriptedTransport transport;
    config::Redactor redactor;
    std::string on_disk = "old-secret";
    std::vector<std::string> bodies;
};

TEST_F(GrantedTokens, AreShownAsTheConfigSays) {
    answer(R"({"access_token":"t-1","expires_in":60})");
    auto source = tokens(config::OAuth2Grant::client_credentials);
    const auto granted = source.get(false, {});
    ASSERT_TRUE(granted);
    EXPECT_EQ(std::get<config::AuthHeader>(granted->auth).value.value, "Bearer t-1");
    EXPECT_EQ(granted->lifetime, std::chrono::seconds(60));
}

TEST_F(GrantedTokens, GoOnWithTheRefreshTokenThatTheAnswerBrings) {
    answer(R"({"access_token":"t-1","refresh_token":"r-1"})");
    answer(R"({"access_token":"t-2"})");
    auto source = tokens(config::OAuth2Grant::refresh_token);
    ASSERT_TRUE(source.get(false, {}));
    ASSERT_TRUE(source.get(true, {}));
    EXPECT_THAT(bodies, ElementsAre("grant_type=refresh_token&refresh_token=r-0",
                                    "grant_type=refresh_token&refresh_token=r-1"));
}

TEST_F(GrantedTokens, LookWhetherTheClientsSecretIsAnother) {
    auto source = tokens(config::OAuth2Grant::client_credentials);
    EXPECT_TRUE(source.may_change());
    EXPECT_FALSE(source.look());
    on_disk = "new-secret";
    EXPECT_TRUE(source.look());
    EXPECT_FALSE(source.look());
}

TEST_F(GrantedTokens, OfAServerThatIsAwayFailAtItsPlace) {
    transport.then_fail(ErrorKind::transient, "connection refused");
    const auto granted = tokens(config::OAuth2Grant::client_credentials).get(false, {});
    EXPECT_EQ(granted.error().kind, ErrorKind::transient);
    EXPECT_EQ(granted.error().text(), "source.auth.token_url: connection refused");
}

}  // namespace
}  // namespace pagehaul::source
