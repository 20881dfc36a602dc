#include "source/credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pagehaul::source {
namespace {

std::string token(const Credential& credential) {
    return std::get<config::AuthBearer>(credential.auth).token.value;
}

config::Auth bearer(const char* value) {
    return config::AuthBearer{{value, "${file:/run/token}"}};
}

TEST(Credentials, ReadARotatedFileAgain) {
    Credentials credentials(bearer("old"), [](const config::Secret& secret) {
        return Result<config::Secret>(config::Secret{"new", secret.source});
    });
    ASSERT_EQ(credentials.current().version, 0);
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(credentials.current().version, 1);
    EXPECT_EQ(token(credentials.current()), "new");
}

TEST(Credentials, TryAnOlderVersionsRequestAgainWithoutReading) {
    int reads = 0;
    Credentials credentials(bearer("old"), [&](const config::Secret& secret) {
        ++reads;
        return Result<config::Secret>(config::Secret{"new", secret.source});
    });
    credentials.refused(0);
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(reads, 1);
}

TEST(Credentials, AreFinalWhenTheFileHoldsWhatWasRefused) {
    Credentials credentials(bearer("old"), [](const config::Secret& secret) {
        return Result<config::Secret>(config::Secret{"new", secret.source});
    });
    ASSERT_EQ(credentials.refused(0), CredentialAnswer::try_again);
    EXPECT_EQ(credentials.refused(1), CredentialAnswer::refused);
    EXPECT_EQ(credentials.current().version, 1);
}

TEST(Credentials, AreFinalWhenTheSecretIsStatic) {
    Credentials credentials(bearer("old"), [](const config::Secret&) -> Result<config::Secret> {
        return fail(ErrorKind::credential, "", "static");
    });
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::refused);
}

TEST(Credentials, WithoutSecretsAreFinal) {
    Credentials credentials(config::AuthNone{},
                            [](const config::Secret& secret) { return Result<config::Secret>(secret); });
    EXPECT_EQ(credentials.refused(0), CredentialAnswer::refused);
}

TEST(Credentials, AreReadOnceHoweverManyReport) {
    std::atomic<int> reads = 0;
    Credentials credentials(bearer("old"), [&](const config::Secret& secret) {
        ++reads;
        return Result<config::Secret>(config::Secret{"new", secret.source});
    });
    std::atomic<int> again = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 8; ++i) {
            workers.emplace_back([&] {
                if (credentials.refused(0) == CredentialAnswer::try_again) ++again;
            });
        }
    }
    EXPECT_EQ(again, 8);
    EXPECT_EQ(reads, 1);
}

}  // namespace
}  // namespace pagehaul::source
