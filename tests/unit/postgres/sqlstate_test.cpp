#include "postgres/sqlstate.h"

#include <gtest/gtest.h>

namespace pagehaul::postgres {
namespace {

TEST(SqlstateTest, ASingleStateBeatsItsClassAndNoneIsPermanent) {
    EXPECT_EQ(kind_of_sqlstate("08006"), ErrorKind::transient);
    EXPECT_EQ(kind_of_sqlstate("08P01"), ErrorKind::permanent);
    EXPECT_EQ(kind_of_sqlstate("25P02"), ErrorKind::bug);
    EXPECT_EQ(kind_of_sqlstate("25006"), ErrorKind::transient);
    EXPECT_EQ(kind_of_sqlstate("28P01"), ErrorKind::credential);
    EXPECT_EQ(kind_of_sqlstate("3D000"), ErrorKind::config);
    EXPECT_EQ(kind_of_sqlstate("54000"), ErrorKind::data);
    EXPECT_EQ(kind_of_sqlstate("55P03"), ErrorKind::transient);
    EXPECT_EQ(kind_of_sqlstate("55006"), ErrorKind::permanent);
    EXPECT_EQ(kind_of_sqlstate("57P01"), ErrorKind::transient);
    EXPECT_EQ(kind_of_sqlstate("P0001"), ErrorKind::data);
    EXPECT_EQ(kind_of_sqlstate("XX000"), ErrorKind::permanent);
    EXPECT_EQ(kind_of_sqlstate(""), ErrorKind::permanent);
}

TEST(SqlstateTest, AClassThatPostgresDoesNotHaveIsWhatATriggerRaisedOfARow) {
    EXPECT_EQ(kind_of_sqlstate("UE001"), ErrorKind::data);
    EXPECT_EQ(kind_of_sqlstate("45000"), ErrorKind::data);
    for (const char* own : {"0A000", "21000", "2F003", "38000", "3B001", "55000", "58030", "F0000", "HV000"})
        EXPECT_EQ(kind_of_sqlstate(own), ErrorKind::permanent) << own;
    for (const char* none : {"UE", "UE0011", "ue001"})
        EXPECT_EQ(kind_of_sqlstate(none), ErrorKind::permanent) << none;
}

TEST(SqlstateTest, AFailureToConnectIsJudgedByItsText) {
    const auto at = [](const char* text) {
        return kind_of_connect_failure(
            std::string("connection to server at \"db\" (10.0.0.1), port 5432 failed: ") + text);
    };
    EXPECT_EQ(at("FATAL:  password authentication failed for user \"u\""), ErrorKind::credential);
    EXPECT_EQ(at("FATAL:  no pg_hba.conf entry for host \"10.0.0.2\""), ErrorKind::credential);
    EXPECT_EQ(at("FATAL:  role \"u\" does not exist"), ErrorKind::credential);
    EXPECT_EQ(at("fe_sendauth: no password supplied"), ErrorKind::credential);
    EXPECT_EQ(at("FATAL:  database \"x\" does not exist"), ErrorKind::config);
    EXPECT_EQ(at("server does not support SSL, but SSL was required"), ErrorKind::config);
    EXPECT_EQ(at("SSL error: certificate verify failed"), ErrorKind::config);
    EXPECT_EQ(at("invalid sslmode value: \"often\""), ErrorKind::config);
    EXPECT_EQ(at("invalid port number: \"x\""), ErrorKind::config);
    EXPECT_EQ(at("FATAL:  invalid value for parameter \"TimeZone\": \"Mars\""), ErrorKind::config);
    EXPECT_EQ(at("received invalid response to SSL negotiation: H"), ErrorKind::transient);
    EXPECT_EQ(at("FATAL:  invalid page in block 7 of relation base/1/1259"), ErrorKind::transient);
    EXPECT_EQ(at("Connection refused"), ErrorKind::transient);
    EXPECT_EQ(at("FATAL:  the database system is starting up"), ErrorKind::transient);
    EXPECT_EQ(at("FATAL:  sorry, too many clients already"), ErrorKind::transient);
    EXPECT_EQ(kind_of_connect_failure("could not translate host name \"db\" to address"),
              ErrorKind::transient);
}

TEST(SqlstateTest, ThatThereIsNoConnectionLeftIsToldFromOtherFailures) {
    EXPECT_TRUE(is_connection_limit("FATAL:  too many connections for role \"puller\""));
    EXPECT_TRUE(is_connection_limit("FATAL:  too many connections for database \"reports\""));
    EXPECT_TRUE(is_connection_limit("FATAL:  sorry, too many clients already"));
    EXPECT_TRUE(is_connection_limit(
        "FATAL:  remaining connection slots are reserved for non-replication superuser connections"));
    EXPECT_TRUE(is_connection_limit("FATAL:  no more connections allowed (max_client_conn)"));
    EXPECT_FALSE(is_connection_limit("FATAL:  the database system is starting up"));
    EXPECT_FALSE(is_connection_limit("Connection refused"));
}

}  // namespace
}  // namespace pagehaul::postgres
