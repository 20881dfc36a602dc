#include "queue/sqs/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "config/redact.h"
#include "core/digest.h"
#include "scripted_server.h"

namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;
using testing::Connection;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::ScriptedServer;

/// Whose wall time a test moves.
class WallClock final : public Clock {
  public:
    MonoTime now() const override { return system_clock().now(); }
    WallTime wall_now() const override { return wall; }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        return system_clock().wait_until(at, std::move(stop));
    }
    WallTime wall = WallTime::clock::from_time_t(1'767'225'600);  // 2026-01-01 00:00:00 UTC
};

class SqsCredentials : public ::testing::Test {
  protected:
    config::VariableSources variables() {
        return {.environment = [this](const std::string& name) -> std::optional<std::string> {
                    const auto found = environment.find(name);
                    return found == environment.end() ? std::nullopt : std::optional(found->second);
                },
                .read_file = [this](const std::string& path, std::size_t) -> Result<std::string> {
                    const auto found = files.find(path);
                    if (found == files.end())
                        return fail(ErrorKind::config, path, "No such file or directory");
                    return found->second;
                }};
    }
    CredentialChain chain() { return CredentialChain(clock, "eu-central-1", variables()); }
    static Error failure_of(CredentialChain& chain) {
        try {
            chain.get();
        } catch (const Failure& failure) {
            return failure.error();
        }
        ADD_FAILURE() << "it did not fail";
        return {};
    }
    static bool is_redacted(const std::string& secret) {
        return config::process_redactor().redact("x " + secret + " y") == "x *** y";
    }
    void use_web_identity(const ScriptedServer& server) {
        environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                       {"AWS_ROLE_ARN", "arn:aws:iam::1:role/a b"},
                       {"AWS_ENDPOINT_URL_STS", server.url()}};
        files["/token"] = "jwt-one\n";
    }
    static std::string session(const std::string& name, const std::string& until) {
        return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><"
               "AccessKeyId>ASIA" +
               name + "</AccessKeyId><SecretAccessKey>secret-" + name +
               "</SecretAccessKey><SessionToken>token-" + name + "</SessionToken><Expiration>" + until +
               "</Expiration></Credentials>";
    }
    void use_agent(const std::string& uri) {
        environment = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/agent"}};
        files["/agent"] = "agent-token\n";
    }

    WallClock clock;
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> files;
};

TEST_F(SqsCredentials, OfTheEnvironmentComeFirstAndAreSecrets) {
    environment = {{"AWS_ACCESS_KEY_ID", "AKID"},
                   {"AWS_SECRET_ACCESS_KEY", "environment-secret"},
                   {"AWS_SESSION_TOKEN", "environment-token"},
                   {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"}};
    auto credentials = chain();
    EXPECT_EQ(credentials.get().id, "AKID");
    EXPECT_EQ(credentials.get().secret, "environment-secret");
    EXPECT_EQ(credentials.get().token, "environment-token");
    EXPECT_TRUE(is_redacted("environment-secret"));
    EXPECT_TRUE(is_redacted("environment-token"));
    EXPECT_FALSE(credentials.refuse()) << "there are no others to be had";
}

TEST_F(SqsCredentials, HalfAPairIsAnError) {
    environment = {{"AWS_ACCESS_KEY_ID", "AKID"}};
    auto half = chain();
    EXPECT_EQ(failure_of(half).text(), "AWS_SECRET_ACCESS_KEY: expected beside AWS_ACCESS_KEY_ID");
    environment = {{"AWS_SECRET_ACCESS_KEY", "secret"}};
    auto other = chain();
    EXPECT_EQ(failure_of(other).kind, ErrorKind::credential);
}

TEST_F(SqsCredentials, NoneNamesWhatWasLookedFor) {
    auto credentials = chain();
    const Error error = failure_of(credentials);
    EXPECT_EQ(error.kind, ErrorKind::credential);
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE",
                             "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"})
        EXPECT_THAT(error.message, HasSubstr(name));
}

TEST_F(SqsCredentials, AWebIdentityIsExchangedForASession) {
    ScriptedServer server([](const ReceivedRequest&, Connection& peer) {
        peer.answer(session("IRSA", "2026-01-01T01:00:00Z"));
    });
    use_web_identity(server);
    auto credentials = chain();
    EXPECT_EQ(credentials.get().id, "ASIAIRSA");
    EXPECT_EQ(credentials.get().secret, "secret-IRSA");
    EXPECT_EQ(credentials.get().token, "token-IRSA");
    const ReceivedRequest asked = server.last();
    EXPECT_EQ(asked.line, "POST / HTTP/1.1");
    EXPECT_EQ(asked.headers.at("content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(
        asked.body,
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
        "&RoleSessionName=pagehaul&WebIdentityToken=jwt-one");
    EXPECT_TRUE(is_redacted("secret-IRSA"));
    EXPECT_TRUE(is_redacted("token-IRSA"));
    EXPECT_TRUE(is_redacted("jwt-one"));
    EXPECT_EQ(server.requests(), 1);
}

TEST_F(SqsCredentials, ASessionIsKeptUntilMinutesBeforeItsEndAndTheTokenIsReadAnew) {
    int asked = 0;
    ScriptedServer server([&](const ReceivedRequest&, Connection& peer) {
        peer.answer(++asked == 1 ? session("ONE", "2026-01-01T01:00:00Z")
                                 : session("TWO", "2026-01-01T02:00:00Z"));
    });
    use_web_identity(server);
    auto credentials = chain();
    credentials.get();
    clock.wall += 54min;
    EXPECT_EQ(credentials.get().id, "ASIAONE");
    EXPECT_EQ(server.requests(), 1);
    clock.wall += 2min;
    files["/token"] = "jwt-two";
    EXPECT_EQ(credentials.get().id, "ASIATWO");
    EXPECT_THAT(server.last().body, HasSubstr("WebIdentityToken=jwt-two"));
}

TEST_F(SqsCredentials, ASessionThatHoldsIsUsedWhileNoOtherCanBeHad) {
    int asked = 0;
    ScriptedServer server([&](const ReceivedRequest&, Connection& peer) {
        if (++asked == 1)
            peer.answer(session("ONE", "2026-01-01T01:00:00Z"));
        else
            peer.answer("", "", 503);
    });
    use_web_identity(server);
    auto credentials = chain();
    credentials.get();
    clock.wall += 56min;
    EXPECT_EQ(credentials.get().id, "ASIAONE");
    EXPECT_EQ(credentials.get().id, "ASIAONE");
    EXPECT_EQ(server.requests(), 2) << "not at each call";
    clock.wall += 5min;
    EXPECT_EQ(failure_of(credentials).kind, ErrorKind::transient);
}

TEST_F(SqsCredentials, ASessionThatIsRefusedIsReplacedButNotAtOnce) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& peer) { peer.answer(session("X", "2026-01-01T01:00:00Z")); });
    use_web_identity(server);
    auto credentials = chain();
    credentials.get();
    EXPECT_FALSE(credentials.refuse());
    clock.wall += 11s;
    EXPECT_TRUE(credentials.refuse());
    credentials.get();
    EXPECT_EQ(server.requests(), 2);
}

TEST_F(SqsCredentials, WhatStsRefusesIsToldWithItsReason) {
    ScriptedServer server([](const ReceivedRequest&, Connection& peer) {
        peer.answer(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error>", "",
            403);
    });
    use_web_identity(server);
    auto credentials = chain();
    EXPECT_EQ(failure_of(credentials).text(),
              "AWS_ENDPOINT_URL_STS: no session of arn:aws:iam::1:role/a b: status 403 AccessDenied, Not "
              "authorized");
    files.clear();
    EXPECT_EQ(failure_of(credentials).text(),
              "AWS_WEB_IDENTITY_TOKEN_FILE: /token: No such file or directory");
    files["/token"] = "\n";
    EXPECT_EQ(failure_of(credentials).kind, ErrorKind::credential);
    EXPECT_EQ(server.requests(), 1);
}

TEST_F(SqsCredentials, AnAnswerWithoutCredentialsIsNone) {
    for (const char* body : {"", "{}", "<AccessKeyId>A</AccessKeyId>", "<AccessKeyId>A"}) {
        ScriptedServer server([&](const ReceivedRequest&, Connection& peer) { peer.answer(body); });
        use_web_identity(server);
        auto credentials = chain();
        EXPECT_EQ(failure_of(credentials).kind, ErrorKind::credential) << body;
    }
}

TEST_F(SqsCredentials, TheAgentIsShownItsTokenAndNoProxy) {
    ScriptedServer proxy([](const ReceivedRequest&, Connection& peer) { peer.answer("", "", 502); });
    ScriptedServer server([](const ReceivedRequest&, Connection& peer) {
        peer.answer(R"({"AccessKeyId":"ASIAPOD","SecretAccessKey":"secret-pod","Token":"token-pod",)"
                    R"("Expiration":"2026-01-01T06:00:00.5Z","AccountId":"1"})");
    });
    use_agent(server.url() + "/v1/credentials?a=b");
    environment["HTTP_PROXY"] = proxy.url();
    auto credentials = chain();
    EXPECT_EQ(credentials.get().id, "ASIAPOD");
    EXPECT_EQ(credentials.get().token, "token-pod");
    EXPECT_EQ(server.last().line, "GET /v1/credentials?a=b HTTP/1.1");
    EXPECT_EQ(server.last().headers.at("authorization"), "agent-token");
    EXPECT_TRUE(is_redacted("secret-pod"));
    EXPECT_TRUE(is_redacted("agent-token"));
    EXPECT_EQ(proxy.requests(), 0);
}

TEST_F(SqsCredentials, TheAgentIsAskedWithoutTlsOnlyWhereItIs) {
    for (const char* uri : {"http://10.0.0.1/v1/credentials", "http://169.254.169.254/", "http://agent.test/",
                            "http://127.0.0.1.test/", "ftp://127.0.0.1/", "127.0.0.1"}) {
        use_agent(uri);
        auto credentials = chain();
        const Error error = failure_of(credentials);
        EXPECT_EQ(error.kind, ErrorKind::credential) << uri;
        EXPECT_EQ(error.origin, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
}

TEST_F(SqsCredentials, AnAgentThatIsAwayPasses) {
    use_agent("http://127.0.0.1:" + std::to_string(testing::unused_port()) + "/");
    auto credentials = chain();
    EXPECT_EQ(failure_of(credentials).kind, ErrorKind::transient);
}

TEST_F(SqsCredentials, AnAgentThatRefusesDoesNot) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& peer) { peer.answer("no such association", "", 404); });
    use_agent(server.url() + "/");
    auto credentials = chain();
    EXPECT_EQ(failure_of(credentials).kind, ErrorKind::credential);
    EXPECT_EQ(server.requests(), 1);
}

}  // namespace
}  // namespace pagehaul::queue::sqs
