#include "source/auth/rotating.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"
#include "scripted_transport.h"

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What several sources share; a test says what goes wrong.
struct SharedStore final : CredentialStore {
    Result<std::optional<StoredPair>> read() override {
        if (down) return fail(ErrorKind::transient, "sink.dsn", "down");
        return pair;
    }
    Result<std::int64_t> renew(const Renew& renew, std::stop_token) override {
        if (down) return fail(ErrorKind::transient, "sink.dsn", "down");
        if (before_lock) std::exchange(before_lock, nullptr)();
        const auto made = renew(pair);
        if (!made) return tl::unexpected<Error>(made.error());
        if (!*made) return 0;
        if (std::exchange(loses_next, false)) return fail(ErrorKind::in_doubt, "sink.dsn", "lost");
        const std::int64_t generation = pair ? pair->generation + 1 : 1;
        pair = **made;
        pair->generation = generation;
        return generation;
    }

    std::optional<StoredPair> pair;
    bool down = false;
    bool loses_next = false;
    std::function<void()> before_lock;
};

class Rotating : public ::testing::Test {
  protected:
    RotatingTokens source(const std::string& configured = "r-0") {
        config::OAuth2 auth;
        auth.grant = config::OAuth2Grant::refresh_token;
        auth.token_url = "https://login.example.com/token";
        auth.refresh_token = config::Secret{configured, ""};
        auth.rotates = true;
        return {auth,
                {.transport = transport, .clock = clock, .patience = Millis(1'000)},
                store,
                [](const config::Secret&) -> Result<config::Secret> {
                    return fail(ErrorKind::credential, "", "static");
                },
                redactor};
    }
    /// The server's next answer gives t-N and r-N.
    void gives(int n) {
        transport.then([this, n](const http::Request& request, std::stop_token) {
            shown.push_back(request.body.substr(request.body.rfind('=') + 1));
            http::Response response;
            response.status = 200;
            const std::string number = std::to_string(n);
            response.body = http::Body::of(R"({"access_token":"t-)" + number + R"(","refresh_token":"r-)" +
                                           number + R"(","expires_in":3600})");
            return Result<http::Response>(std::move(response));
        });
    }
    static std::string token(const Result<Granted>& granted) {
        return granted ? std::get<config::AuthHeader>(granted->auth).value.value : granted.error().text();
    }

    testing::ManualClock clock;
    testing::ScriptedTransport transport;
    config::Redactor redactor;
    SharedStore store;
    std::vector<std::string> shown;  ///< the refresh tokens
};

TEST_F(Rotating, BeginsWithTheConfigsTokenAndGoesOnWithWhatItStored) {
    gives(1);
    gives(2);
    auto one = source();
    EXPECT_EQ(token(one.get(false, {})), "Bearer t-1");
    EXPECT_EQ(store.pair->refresh, "r-1");
    EXPECT_EQ(token(one.get(true, {})), "Bearer t-2");
    EXPECT_THAT(shown, ElementsAre("r-0", "r-1"));
    EXPECT_EQ(store.pair->generation, 2);
}

TEST_F(Rotating, TakesWhatAnotherProcessHasStored) {
    gives(1);
    auto one = source();
    auto other = source();
    ASSERT_EQ(token(one.get(false, {})), "Bearer t-1");
    EXPECT_EQ(token(other.get(false, {})), "Bearer t-1");
    EXPECT_EQ(shown.size(), 1U);
}

TEST_F(Rotating, WhoIsRefusedTakesTheNewerPairAndAsksForNone) {
    gives(1);
    gives(2);
    auto one = source();
    auto other = source();
    one.get(false, {});
    other.get(false, {});
    ASSERT_EQ(token(one.get(true, {})), "Bearer t-2");
    EXPECT_TRUE(other.look());
    EXPECT_EQ(token(other.get(true, {})), "Bearer t-2");
    EXPECT_FALSE(other.look());
    EXPECT_EQ(shown.size(), 2U);
}

TEST_F(Rotating, WhoWaitedForTheRowFindsTheNewerPairThere) {
    auto one = source();
    store.before_lock = [&] {
        store.pair = StoredPair{.generation = 7, .configured = "r-0", .refresh = "r-7", .access = "t-7"};
    };
    EXPECT_EQ(token(one.get(false, {})), "Bearer t-7");
    EXPECT_TRUE(shown.empty());
}

TEST_F(Rotating, DoesNotTakeWhatHasEnded) {
    gives(8);
    store.pair =
        StoredPair{.generation = 7, .configured = "r-0", .refresh = "r-7", .access = "t-7", .left = 0ms};
    EXPECT_EQ(token(source().get(false, {})), "Bearer t-8");
    EXPECT_THAT(shown, ElementsAre("r-7"));
}

TEST_F(Rotating, BeginsAnewWithAnotherTokenOfTheConfig) {
    gives(1);
    store.pair = StoredPair{.generation = 7, .configured = "r-0", .refresh = "r-7", .access = "t-7"};
    EXPECT_EQ(token(source("r-new").get(false, {})), "Bearer t-1");
    EXPECT_THAT(shown, ElementsAre("r-new"));
    EXPECT_EQ(store.pair->configured, "r-new");
    EXPECT_EQ(store.pair->generation, 8);
}

TEST_F(Rotating, ShowsNothingThatIsNotStoredAndStoresItLater) {
    gives(1);
    store.loses_next = true;
    auto one = source();
    const auto lost = one.get(false, {});
    EXPECT_EQ(lost.error().kind, ErrorKind::transient);
    store.down = true;
    EXPECT_EQ(one.get(false, {}).error().kind, ErrorKind::transient);
    store.down = false;
    EXPECT_EQ(token(one.get(false, {})), "Bearer t-1");
    EXPECT_EQ(shown.size(), 1U) << "the token was good once";
    EXPECT_EQ(store.pair->refresh, "r-1");
}

TEST_F(Rotating, SaysWhatToDoWhereTheNewestIsRefused) {
    transport.then_status(400, R"({"error":"invalid_grant"})");
    store.pair =
        StoredPair{.generation = 7, .configured = "r-0", .refresh = "r-7", .access = "t-7", .left = 0ms};
    const auto refused = source().get(false, {});
    EXPECT_EQ(refused.error().kind, ErrorKind::credential);
    EXPECT_THAT(refused.error().text(), HasSubstr("invalid_grant"));
    EXPECT_THAT(refused.error().text(),
                HasSubstr("authorise anew, and give source.auth.refresh_token the new"));
    EXPECT_EQ(store.pair->generation, 7) << "what is stored stays";
}

TEST_F(Rotating, KeepsARefreshTokenThatTheAnswerDoesNotReplace) {
    transport.then_status(200, R"({"access_token":"t-1"})");
    ASSERT_EQ(token(source().get(false, {})), "Bearer t-1");
    EXPECT_EQ(store.pair->refresh, "r-0");
}

}  // namespace
}  // namespace pagehaul::source
