#include "postgres/dsn.h"

#include <gtest/gtest.h>

#include <map>

namespace pagehaul::postgres {
namespace {

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

TEST(DsnTest, AUriAndKeyValuesSayTheSame) {
    const Dsn uri = parsed(
        "postgresql://me:p%40ss%2F@db.example.com:5433/my%20db?sslmode=verify-full&options=-c%20a%3Db");
    const Dsn pairs = parsed(
        " host = db.example.com port=5433 user=me password='p@ss/' dbname='my db'\n"
        "sslmode=verify-full options='-c a=b'");
    for (const char* key : {"host", "port", "user", "password", "dbname", "sslmode", "options"}) {
        EXPECT_TRUE(uri.get(key).has_value()) << key;
        EXPECT_EQ(uri.get(key), pairs.get(key)) << key;
    }
}

TEST(DsnTest, SeveralHostsSocketsAndIpv6AreKept) {
    EXPECT_EQ(parsed("postgres://a,b:5433,[::1]:1/x").get("host"), "a,b,::1");
    EXPECT_EQ(parsed("postgres://a,b:5433,[::1]:1/x").get("port"), ",5433,1");
    EXPECT_EQ(parsed("postgres://%2Fvar%2Frun/x").get("host"), "/var/run");
    EXPECT_EQ(parsed("postgres:///x?host=/var/run").get("host"), "/var/run");
    EXPECT_FALSE(parsed("postgres://h").get("dbname").has_value());
    EXPECT_EQ(parsed("postgres://h/x?ssl=true").get("sslmode"), "require");
    EXPECT_EQ(parsed("host=a host=b").get("host"), "b");
}

TEST(DsnTest, QuotesAndBackslashesSurviveTheWayToLibpq) {
    const Dsn dsn = parsed(R"(password='it\'s \\ "x"' host=a\ b)");
    EXPECT_EQ(dsn.get("password"), R"(it's \ "x")");
    EXPECT_EQ(dsn.to_conninfo(), R"(password='it\'s \\ "x"' host='a b' )");
}

TEST(DsnTest, AMalformedStringIsAConfigErrorThatShowsNoPartOfIt) {
    for (const char* text :
         {"postgres://u:s3cr3t/pw@host/db", "postgres://u:s3cr3t@pw@host/db", "postgres://u:1/s3cr3t@host/db",
          "postgres://u:s3cr3t%zz@host/db", "postgres://u:s3cr3t%00@host/db", "postgres://[::1/db",
          "host=x s3cr3t", "password='s3cr3t", "=s3cr3t", "s3cr3t", ""}) {
        const auto dsn = Dsn::parse(text);
        ASSERT_FALSE(dsn.has_value()) << text;
        EXPECT_EQ(dsn.error().kind, ErrorKind::config);
        EXPECT_EQ(dsn.error().origin, "sink.dsn");
        EXPECT_EQ(dsn.error().message.find("s3cr3t"), std::string::npos) << dsn.error().message;
    }
}

TEST(DsnTest, TheUsersSettingsStayBesideOurs) {
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

TEST(DsnTest, BehindPgbouncerThereAreNoOptionsOfOurs) {
    Dsn dsn = parsed("host=h");
    apply_options(dsn, {.pgbouncer = true}, surroundings());
    EXPECT_FALSE(dsn.get("options").has_value());
    EXPECT_EQ(dsn.get("connect_timeout"), "5");
}

TEST(DsnTest, TheEnvironmentCountsWhereTheStringIsSilent) {
    Dsn dsn = parsed("host=h");
    apply_options(dsn, {.statement_timeout_ms = 0, .idle_in_transaction_timeout_ms = 0},
                  surroundings({{"PGOPTIONS", "-c a=b"}, {"PGCONNECT_TIMEOUT", "3"}}));
    EXPECT_EQ(dsn.get("options"), "-c a=b");
    EXPECT_FALSE(dsn.get("connect_timeout").has_value());
}

TEST(DsnTest, VerificationWithoutARootCertificateUsesTheSystemsBundle) {
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

TEST(DsnTest, ADescriptionNamesHostAndDatabaseAndThePasswordIsRedacted) {
    const Dsn dsn = parsed("postgres://u:s3cr3t@db.example.com/reports");
    EXPECT_EQ(dsn.describe(), "database \"reports\" on host \"db.example.com\"");
    EXPECT_EQ(dsn.redact("x s3cr3t y s3cr3t"), "x *** y ***");
}

}  // namespace
}  // namespace pagehaul::postgres
