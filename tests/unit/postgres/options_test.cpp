#include "postgres/options.h"

#include <gtest/gtest.h>

#include <map>

namespace pagehaul::postgres {
namespace {

using dsn::Dsn;

Dsn parsed(std::string_view text) {
    auto dsn = Dsn::parse(text);
    EXPECT_TRUE(dsn.has_value()) << text;
    return dsn.value_or(Dsn{});
}

Surroundings surroundings(std::map<std::string, std::string> environment = {},
                          std::vector<std::string> files = {}) {
    return {.environment =
                [environment](const std::string& name) {
                    const auto found = environment.find(name);
                    return found == environment.end() ? std::nullopt : std::optional(found->second);
                },
            .file_exists =
                [files](const std::string& path) {
                    return std::find(files.begin(), files.end(), path) != files.end();
                }};
}

TEST(OptionsTest, TheUsersSettingsStayBesideOurs) {
    Dsn dsn = parsed(
        "postgres://h/"
        "x?connect_timeout=9&application_name=mine&keepalives=0&options=-c%20statement_timeout%3D1");
    apply_options(dsn, {.application_name = "pagehaul w1", .statement_timeout_ms = 2, .lock_timeout_ms = 3},
                  surroundings());
    EXPECT_EQ(dsn.get("connect_timeout"), "9");
    EXPECT_EQ(dsn.get("keepalives"), "0");
    EXPECT_EQ(dsn.get("application_name"), "pagehaul w1");
    EXPECT_EQ(dsn.get("client_encoding"), "UTF8");
    // The later of two equal settings counts.
    EXPECT_EQ(dsn.get("options"),
              "-c statement_timeout=2 -c lock_timeout=3 -c idle_in_transaction_session_timeout=60000 -c "
              "statement_timeout=1");
}

TEST(OptionsTest, BehindPgbouncerThereAreNoOptionsOfOurs) {
    Dsn dsn = parsed("host=h");
    apply_options(dsn, {.pgbouncer = true}, surroundings());
    EXPECT_FALSE(dsn.get("options").has_value());
    EXPECT_EQ(dsn.get("connect_timeout"), "5");
}

TEST(OptionsTest, TheEnvironmentCountsWhereTheStringIsSilent) {
    Dsn dsn = parsed("host=h");
    apply_options(dsn, {.statement_timeout_ms = 0, .idle_in_transaction_timeout_ms = 0},
                  surroundings({{"PGOPTIONS", "-c a=b"}, {"PGCONNECT_TIMEOUT", "3"}}));
    EXPECT_EQ(dsn.get("options"), "-c a=b");
    EXPECT_FALSE(dsn.get("connect_timeout").has_value());
}

TEST(OptionsTest, VerificationWithoutARootCertificateUsesTheSystemsBundle) {
    const std::string bundle = "/etc/ssl/certs/ca-certificates.crt";
    const auto root_of = [&](const char* text, const Surroundings& around) {
        Dsn dsn = parsed(text);
        apply_options(dsn, {}, around);
        return dsn.get("sslrootcert");
    };
    EXPECT_EQ(root_of("host=h sslmode=verify-full", surroundings({}, {bundle})), bundle);
    EXPECT_EQ(root_of("host=h", surroundings({{"PGSSLMODE", "verify-ca"}}, {bundle})), bundle);
    EXPECT_EQ(root_of("host=h sslmode=verify-ca sslrootcert=/mine", surroundings({}, {bundle})), "/mine");
    EXPECT_EQ(root_of("host=h sslmode=require", surroundings({}, {bundle})), std::nullopt);
    EXPECT_EQ(root_of("host=h sslmode=verify-full",
                      surroundings({{"HOME", "/home/u"}}, {bundle, "/home/u/.postgresql/root.crt"})),
              std::nullopt);
}

}  // namespace
}  // namespace pagehaul::postgres
