#include "dsn/dsn.h"

#include <gtest/gtest.h>

namespace pagehaul::dsn {
namespace {

Dsn parsed(std::string_view text) {
    auto dsn = Dsn::parse(text);
    EXPECT_TRUE(dsn.has_value()) << text;
    return dsn.value_or(Dsn{});
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

TEST(DsnTest, ADescriptionNamesHostAndDatabaseAndThePasswordIsRedacted) {
    const Dsn dsn = parsed("postgres://u:s3cr3t@db.example.com/reports");
    EXPECT_EQ(dsn.describe(), "database \"reports\" on host \"db.example.com\"");
    EXPECT_EQ(dsn.redact("x s3cr3t y s3cr3t"), "x *** y ***");
}

TEST(DsnTest, WithoutItsSecretsItIsTheRestInPairs) {
    const Dsn dsn = parsed("postgres://me:p%40ss@db:5432/my%20app?sslpassword=key&sslmode=require");
    EXPECT_EQ(dsn.without_secrets(), "user=me dbname='my app' host=db port=5432 sslmode=require");
    EXPECT_EQ(dsn.secrets(), (std::vector<std::string>{"p@ss", "key"}));
    EXPECT_EQ(dsn.redact("p@ss key"), "*** ***");
}

TEST(DsnTest, ItsPasswordIsNotInTheRestHoweverItIsWritten) {
    for (const char* text : {"postgres://me:p%40ss@db:5432/app?password=x&sslmode=require",
                             "postgres://me@db:5432/app?p%61ssword=x&sslmode=require",
                             "user=me dbname = app host=db port=5432 sslmode=require password='a b\\'c'"}) {
        EXPECT_EQ(parsed(text).without_secrets(), "user=me dbname=app host=db port=5432 sslmode=require");
        EXPECT_EQ(parsed(text).secrets().size(), 1U) << text;
    }
    EXPECT_EQ(parsed("postgres://me:p%40ss@db/app").get("password"), "p@ss");
    EXPECT_EQ(parsed("host = db password='a b\\'c' dbname=app").get("password"), "a b'c");
    // A value that is not quoted ends at any white space.
    for (const char* space : {"\n", "\r\n", "\t", "\f", "\v", "  \n "}) {
        const std::string text =
            "host=db" + std::string(space) + "password=hunter2" + space + "dbname=app" + space;
        EXPECT_EQ(parsed(text).get("password"), "hunter2");
        EXPECT_EQ(parsed(text).without_secrets(), "dbname=app host=db");
    }
}

TEST(DsnTest, OtherTextsAreNone) {
    for (const char* bad :
         {"", "db", "mysql://db", "host=db password='x", "=x", "postgres://my host/db", " "})
        EXPECT_FALSE(Dsn::parse(bad)) << bad;
}

TEST(DsnTest, ASecretIsFoundAsItIsSpelled) {
    EXPECT_EQ(spelling_in("postgres://me:p%40%73s@db/app", "p@ss"), "p%40%73s");
    EXPECT_EQ(spelling_in("postgres://me:a?b@db/app", "a?b"), "a?b");
    EXPECT_EQ(spelling_in("postgres://db/app?user=me&password=a=b%26&sslmode=require", "a=b&"), "a=b%26");
    EXPECT_EQ(spelling_in(R"(host=db password = 'a b\'c' dbname=app)", "a b'c"), R"(a b\'c)");
    EXPECT_EQ(spelling_in(R"(host=db password=a\ b)", "a b"), R"(a\ b)");
    EXPECT_EQ(spelling_in(R"(host=db password=ab\)", "ab"), R"(ab\)");
    EXPECT_EQ(spelling_in("host=db", "p@ss"), "");
}

}  // namespace
}  // namespace pagehaul::dsn
