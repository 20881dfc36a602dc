#include "source/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>

#include "manual_clock.h"
#include "source/auth/static_secrets.h"

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;

std::string token(const Result<Credential>& credential) {
    return credential ? std::get<config::AuthBearer>(credential->auth).token.value
                      : credential.error().text();
}

config::Auth bearer(const std::string& value) {
    return config::AuthBearer{{value, "${file:/run/token}"}};
}

struct Static {
    explicit Static(Reread reread, config::Auth auth = bearer("old"))
        : credentials(std::make_unique<StaticSecrets>(std::move(auth), std::move(reread)), clock) {}
    ManualClock clock;
    Credentials credentials;
};

Result<config::Secret> new_content(const config::Secret& secret) {
    return config::Secret{"new", secret.source};
}
Result<config::Secret> no_file(const config::Secret&) {
    return fail(ErrorKind::credential, "", "static");
}

TEST(Credentials, ReadARotatedFileAgain) {
    Static fixture(new_content);
    ASSERT_EQ(fixture.credentials.current()->version, 0);
    EXPECT_EQ(fixture.credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(fixture.credentials.current()->version, 1);
    EXPECT_EQ(token(fixture.credentials.current()), "new");
}

TEST(Credentials, TryAnOlderVersionsRequestAgainWithoutReading) {
    int reads = 0;
    Static fixture([&](const config::Secret& secret) {
        ++reads;
        return new_content(secret);
    });
    fixture.credentials.refused(0);
    EXPECT_EQ(fixture.credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(reads, 1);
}

TEST(Credentials, AreFinalWhenTheFileHoldsWhatWasRefused) {
    Static fixture(new_content);
    ASSERT_EQ(fixture.credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(fixture.credentials.refused(1), CredentialAnswer::refused);
    EXPECT_EQ(fixture.credentials.current()->version, 1);
}

TEST(Credentials, AreFinalWhenTheSecretIsStatic) {
    EXPECT_EQ(Static(no_file).credentials.refused(0), CredentialAnswer::refused);
}

TEST(Credentials, WithoutSecretsAreFinal) {
    Static fixture([](const config::Secret& secret) { return Result<config::Secret>(secret); },
                   config::AuthNone{});
    EXPECT_EQ(fixture.credentials.refused(0), CredentialAnswer::refused);
}

TEST(Credentials, AreReadOnceHoweverManyReport) {
    std::atomic<int> reads = 0;
    Static fixture([&](const config::Secret& secret) {
        ++reads;
        return new_content(secret);
    });
    std::atomic<int> again = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back([&] {
                if (fixture.credentials.refused(0) == CredentialAnswer::try_again) ++again;
            });
        }
    }
    EXPECT_EQ(again, 8);
    EXPECT_EQ(reads, 1);
}

/// Gives "1", "2", … for as long as it is told, or fails.
struct Giver final : TokenSource {
    Result<Granted> get(bool refused, const Stops& stops) override {
        after_refusal = refused;
        if (on_get) on_get(stops);
        if (failure) return tl::unexpected<Error>(*failure);
        return Granted{.auth = bearer(std::to_string(++given)), .lifetime = lifetime};
    }
    bool look() override { return std::exchange(brought, false); }
    bool renews() const override { return true; }
    bool may_change() const override { return false; }

    std::function<void(const Stops&)> on_get;
    std::optional<Error> failure;
    std::optional<Nanos> lifetime = 1h;
    int given = 0;
    bool after_refusal = false;
    bool brought = false;
};

class RenewedCredentials : public ::testing::Test {
  protected:
    std::string now() { return token(credentials.current()); }

    ManualClock clock;
    std::stop_source stop;
    Giver* giver = new Giver;
    Credentials credentials{std::unique_ptr<TokenSource>(giver), clock, {.waits = stop.get_token()}};
};

TEST_F(RenewedCredentials, AreKeptForThreeQuartersOfTheirLifetimeOrUntilMinutesBeforeItsEnd) {
    EXPECT_EQ(renew_after(4min), 3min);
    EXPECT_EQ(renew_after(24h), 24h - 5min);
    EXPECT_EQ(now(), "1");
    clock.advance(55min - 1s);
    EXPECT_EQ(now(), "1");
    clock.advance(1s);
    EXPECT_EQ(now(), "2");
    EXPECT_EQ(credentials.version(), 1);
}

TEST_F(RenewedCredentials, WithoutALifetimeAreKeptUntilTheyAreRefused) {
    giver->lifetime.reset();
    EXPECT_EQ(now(), "1");
    clock.advance(24h * 365);
    EXPECT_EQ(now(), "1");
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(now(), "2");
    EXPECT_TRUE(giver->after_refusal);
}

TEST_F(RenewedCredentials, ThatCannotBeRenewedAreUsedWhileTheyHoldAndTheServerIsAskedNowAndThen) {
    EXPECT_EQ(now(), "1");
    clock.advance(55min);
    int asked = 0;
    giver->on_get = [&](const Stops&) { ++asked; };
    giver->failure = Error{ErrorKind::transient, "source.auth.token_url", "down"};
    EXPECT_EQ(now() + now() + now(), "111");
    EXPECT_EQ(asked, 1);
    clock.advance(credential_pause);
    EXPECT_EQ(now(), "1");
    EXPECT_EQ(asked, 2);
    clock.advance(5min);
    EXPECT_EQ(now(), "source.auth.token_url: down") << "they have ended";
    giver->failure.reset();
    EXPECT_EQ(now(), "2") << "what is transient is asked for at once";
}

TEST_F(RenewedCredentials, AreRenewedOnceWhereTheyAreRefused) {
    EXPECT_EQ(now(), "1");
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again) << "of a request that was under way";
    EXPECT_EQ(now(), "2");
    clock.advance(10min);
    EXPECT_EQ(credentials.refused(1), CredentialAnswer::refused) << "nobody has taken it";
}

TEST_F(RenewedCredentials, ThatTheApiTookForAWhileAreRenewedAgain) {
    EXPECT_EQ(now(), "1");
    ASSERT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(now(), "2");
    credentials.accepted(1);
    EXPECT_EQ(credentials.refused(1), CredentialAnswer::refused) << "too young for another to be better";
    clock.advance(young_credential);
    EXPECT_EQ(credentials.refused(1), CredentialAnswer::try_again);
    EXPECT_EQ(now(), "3");
}

TEST_F(RenewedCredentials, ThatNobodyGivesAreNotAskedForOverAndOver) {
    giver->failure = Error{ErrorKind::credential, "source.auth.token_url", "invalid_client"};
    int asked = 0;
    giver->on_get = [&](const Stops&) { ++asked; };
    EXPECT_EQ(now(), "source.auth.token_url: invalid_client");
    EXPECT_EQ(now(), "source.auth.token_url: invalid_client");
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::refused);
    giver->brought = true;
    giver->failure.reset();
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again) << "a file has another secret";
    EXPECT_EQ(now(), "1");
}

TEST_F(RenewedCredentials, AreAskedForByOneWhileTheOthersWait) {
    std::atomic<int> asked = 0;
    std::binary_semaphore answer{0};
    giver->on_get = [&](const Stops&) {
        ++asked;
        answer.acquire();
    };
    std::atomic<int> got = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i)
            workers.emplace_back([&] { got += now() == "1" ? 1 : 0; });
        while (asked == 0)
            std::this_thread::yield();
        answer.release();
    }
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(got, 8);
}

TEST_F(RenewedCredentials, WhoWaitsIsTurnedAwayByAStop) {
    std::binary_semaphore asking{0};
    std::binary_semaphore answer{0};
    giver->on_get = [&](const Stops&) {
        asking.release();
        answer.acquire();
    };
    std::jthread one([&] { EXPECT_EQ(now(), "1"); });
    asking.acquire();
    std::jthread other([&] {
        EXPECT_EQ(credentials.current().error().kind, ErrorKind::cancelled);
        answer.release();
    });
    stop.request_stop();
}

}  // namespace
}  // namespace pagehaul::source
