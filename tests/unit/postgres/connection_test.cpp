#include "postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <csignal>
#include <limits>

#include "postgres/quoting.h"
#include "throwaway_postgres.h"

namespace pagehaul::postgres {
namespace {

using pagehaul::testing::PostgresTest;
using pagehaul::testing::ThrowawayPostgres;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConnectionTest : public PostgresTest {};

/// The SqlError that `work` throws.
template <class Work>
SqlError sql_error_of(const Work& work) {
    try {
        work();
    } catch (const SqlError& error) {
        return error;
    }
    ADD_FAILURE() << "expected an SqlError";
    return SqlError({}, "", false);
}

TEST_F(ConnectionTest, AResultIsTextWithNullsAndTheAffectedCount) {
    auto connection = connect();
    const Rows rows = connection.exec("SELECT 1, NULL, 'a''b', true UNION ALL SELECT 2, 'x', '', false");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows.integer(0, 0), 1);
    EXPECT_FALSE(rows[0][1].has_value());
    EXPECT_EQ(rows.text(0, 2), "a'b");
    EXPECT_TRUE(rows.boolean(0, 3));
    EXPECT_FALSE(rows.boolean(1, 3));
    EXPECT_EQ(
        connection.exec("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 7)").affected(), 7U);
}

TEST_F(ConnectionTest, ANullOrANonNumberWhereAnIntegerIsExpectedIsABug) {
    auto connection = connect();
    const Rows rows = connection.exec("SELECT NULL, 'x'");
    EXPECT_THROW(rows.integer(0, 0), Failure);
    EXPECT_THROW(rows.integer(0, 1), Failure);
    EXPECT_THROW(rows.text(1, 0), Failure);
}

TEST_F(ConnectionTest, SeveralStatementsInOneCallReturnTheLastResult) {
    auto connection = connect();
    const Rows rows = connection.exec("SELECT 1; SELECT 2; SELECT 3");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.integer(0, 0), 3);
}

TEST_F(ConnectionTest, ParametersMayBeNullAndAreNeverSql) {
    auto connection = connect();
    const Rows rows =
        connection.exec("SELECT $1::text, $2::text, $3::int8 + 1",
                        {Param{"'; DROP TABLE x; --\\ \xE2\x82\xAC"}, std::nullopt, Param{"41"}});
    EXPECT_EQ(rows.text(0, 0), "'; DROP TABLE x; --\\ \xE2\x82\xAC");
    EXPECT_FALSE(rows[0][1].has_value());
    EXPECT_EQ(rows.integer(0, 2), 42);
}

TEST_F(ConnectionTest, CommitKeepsAndRollbackDrops) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int)");
    connection.begin();
    connection.exec("INSERT INTO t VALUES (1)");
    connection.commit();
    EXPECT_EQ(connection.begin("INSERT INTO t VALUES (2); SELECT count(*) FROM t").integer(0, 0), 2);
    EXPECT_TRUE(connection.in_transaction());
    connection.rollback();
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(connection.exec("SELECT sum(a) FROM t").integer(0, 0), 1);
}

TEST_F(ConnectionTest, ATransactionIsReadCommittedWhateverTheDatabasesDefault) {
    auto connection = connect();
    connection.exec("SET default_transaction_isolation = 'serializable'");
    connection.begin();
    EXPECT_EQ(connection.exec("SHOW transaction_isolation").text(0, 0), "read committed");
    connection.rollback();
}

TEST_F(ConnectionTest, ACommitAfterAFailedStatementIsABugAndNeverLooksCommitted) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int)");
    connection.begin("INSERT INTO t VALUES (1)");
    EXPECT_EQ(sql_error_of([&] { connection.exec("INSERT INTO t VALUES ('x')"); }).sqlstate(), "22P02");
    EXPECT_EQ(sql_error_of([&] { connection.exec("SELECT 1"); }).sqlstate(), "25P02");
    EXPECT_THROW(connection.commit(), Failure);
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(connection.exec("SELECT count(*) FROM t").integer(0, 0), 0);
}

TEST_F(ConnectionTest, ASavepointTakesAFailedStatementBack) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int)");
    connection.begin("INSERT INTO t VALUES (1); SAVEPOINT s");
    EXPECT_THROW(connection.exec("INSERT INTO t VALUES ('x')"), SqlError);
    connection.exec("ROLLBACK TO SAVEPOINT s");
    connection.commit();
    EXPECT_EQ(connection.exec("SELECT count(*) FROM t").integer(0, 0), 1);
}

TEST_F(ConnectionTest, DestroyingAConnectionInsideATransactionRollsBack) {
    auto watcher = connect();
    watcher.exec("CREATE TABLE t (a int)");
    {
        auto connection = connect();
        connection.begin("INSERT INTO t VALUES (1)");
    }
    EXPECT_EQ(watcher.exec("LOCK TABLE t; SELECT count(*) FROM t").integer(0, 0), 0);
}

TEST_F(ConnectionTest, EachErrorHasItsSqlstateAndKind) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int PRIMARY KEY, b int CHECK (b > 0)); INSERT INTO t VALUES (1, 1)");
    connection.exec("CREATE ROLE poor; SET statement_timeout = 50");
    struct Case {
        const char* sql;
        const char* state;
        ErrorKind kind;
    };
    for (const Case& c : {Case{"INSERT INTO t VALUES (1, 1)", "23505", ErrorKind::data},
                          Case{"INSERT INTO t VALUES (2, 0)", "23514", ErrorKind::data},
                          Case{"INSERT INTO t VALUES (NULL, 1)", "23502", ErrorKind::data},
                          Case{"SELECT 'x'::int", "22P02", ErrorKind::data},
                          Case{"SELECT * FROM missing", "42P01", ErrorKind::config},
                          Case{"SELEC 1", "42601", ErrorKind::config},
                          Case{"SET ROLE poor; SELECT * FROM t", "42501", ErrorKind::config},
                          Case{"SELECT pg_sleep(10)", "57014", ErrorKind::transient},
                          Case{"DO $$BEGIN RAISE SQLSTATE '40P01'; END$$", "40P01", ErrorKind::transient},
                          Case{"DO $$BEGIN RAISE SQLSTATE '40001'; END$$", "40001", ErrorKind::transient},
                          Case{"DO $$BEGIN RAISE SQLSTATE '53100'; END$$", "53100", ErrorKind::transient},
                          Case{"DO $$BEGIN RAISE 'no'; END$$", "P0001", ErrorKind::data}}) {
        const SqlError error = sql_error_of([&] { connection.exec(c.sql); });
        EXPECT_EQ(error.sqlstate(), c.state) << c.sql;
        EXPECT_EQ(error.error().kind, c.kind) << c.sql;
        EXPECT_FALSE(error.connection_lost()) << c.sql;
        EXPECT_EQ(error.error().message.find('\n'), std::string::npos) << error.what();
    }
    EXPECT_EQ(connection.exec("RESET ROLE; SELECT 1").integer(0, 0), 1);
}

TEST_F(ConnectionTest, AWrongNumberOfParametersIsPermanentAndNotALostConnection) {
    auto connection = connect();
    const SqlError error = sql_error_of([&] { connection.exec("SELECT $1::int, $2::int", {Param{"1"}}); });
    EXPECT_EQ(error.sqlstate(), "08P01");
    EXPECT_EQ(error.error().kind, ErrorKind::permanent);
    EXPECT_FALSE(error.connection_lost());
}

TEST_F(ConnectionTest, ALostConnectionIsTransientAndIsNotMadeAgainSilently) {
    auto connection = connect();
    end_backend(connection);
    const SqlError error = sql_error_of([&] { connection.exec("SELECT 1"); });
    EXPECT_TRUE(error.connection_lost()) << error.what();
    EXPECT_EQ(error.error().kind, ErrorKind::transient);
    EXPECT_FALSE(connection.is_open());
    EXPECT_TRUE(sql_error_of([&] { connection.exec("SELECT 1"); }).connection_lost());
}

TEST_F(ConnectionTest, ALossWithinATransactionIsTransientAndRollbackDoesNotThrow) {
    auto connection = connect();
    connection.begin();
    end_backend(connection);
    const SqlError error = sql_error_of([&] { connection.exec("SELECT 1"); });
    EXPECT_EQ(error.error().kind, ErrorKind::transient);
    connection.rollback();
    EXPECT_FALSE(connection.in_transaction());
}

TEST_F(ConnectionTest, ALossDuringCommitIsInDoubt) {
    auto connection = connect();
    connection.begin("CREATE TABLE t (a int)");
    end_backend(connection);
    const SqlError error = sql_error_of([&] { connection.commit(); });
    EXPECT_EQ(error.error().kind, ErrorKind::in_doubt);
    EXPECT_TRUE(error.connection_lost());
    EXPECT_FALSE(connection.in_transaction());
}

TEST_F(ConnectionTest, ACommitThatTheServerRefusesIsNotInDoubt) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    connection.begin("INSERT INTO t VALUES (1), (1)");
    const SqlError error = sql_error_of([&] { connection.commit(); });
    EXPECT_EQ(error.sqlstate(), "23505");
    EXPECT_EQ(error.error().kind, ErrorKind::data);
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(connection.exec("SELECT count(*) FROM t").integer(0, 0), 0);
}

TEST_F(ConnectionTest, WhatRepeatsARowIsKeptApartFromTheMessage) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a text PRIMARY KEY)");
    const SqlError twice =
        sql_error_of([&] { connection.exec("INSERT INTO t VALUES ('canary'), ('canary')"); });
    EXPECT_THAT(twice.error().message, AllOf(HasSubstr("t_pkey"), Not(HasSubstr("canary"))));
    EXPECT_THAT(twice.details(), HasSubstr("(canary) already exists"));
    const SqlError place = sql_error_of([&] { connection.exec("SELECT 'canary', missing FROM t"); });
    EXPECT_THAT(place.error().message, AllOf(HasSubstr("missing"), Not(HasSubstr("canary"))));
}

TEST_F(ConnectionTest, CopyTakesManyBlocksOfLinesUnescaped) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int, b text)");
    std::string big;
    for (int i = 3; i <= 20'000; ++i)
        big += std::to_string(i) + "\t\xE2\x82\xAC\n";
    connection.begin();
    connection.copy("t", {"1\t\\N\n", "", "2\ta\\tb\n", big});
    connection.commit();
    const Rows rows = connection.exec("SELECT count(*), sum(a), count(b), max(length(b)) FROM t");
    EXPECT_EQ(rows.integer(0, 0), 20'000);
    EXPECT_EQ(rows.integer(0, 1), 200'010'000);
    EXPECT_EQ(rows.integer(0, 2), 19'999);
    EXPECT_EQ(connection.exec("SELECT b FROM t WHERE a = 2").text(0, 0), "a\tb");
}

TEST_F(ConnectionTest, ABadCopyLineIsADataErrorAndTheConnectionGoesOn) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int)");
    for (const char* lines : {"1\nx\n", "1\t2\n"}) {
        connection.begin();
        const SqlError error = sql_error_of([&] { connection.copy("t", {lines, "5\n"}); });
        EXPECT_TRUE(error.is_data()) << error.what();
        EXPECT_FALSE(error.connection_lost());
        connection.rollback();
        EXPECT_EQ(connection.exec("SELECT count(*) FROM t").integer(0, 0), 0);
    }
}

TEST_F(ConnectionTest, ALossDuringCopyIsTransient) {
    auto connection = connect();
    connection.exec("CREATE TABLE t (a int)");
    connection.begin();
    end_backend(connection);
    const SqlError error = sql_error_of([&] { connection.copy("t", {"1\n"}); });
    EXPECT_EQ(error.error().kind, ErrorKind::transient);
    EXPECT_TRUE(error.connection_lost());
}

TEST_F(ConnectionTest, TheServerRestartedBetweenStatementsIsALostConnection) {
    auto connection = connect();
    ThrowawayPostgres::instance().restart(true);
    const SqlError error = sql_error_of([&] { connection.exec("SELECT 1"); });
    EXPECT_TRUE(error.connection_lost());
    EXPECT_EQ(connect().exec("SELECT 1").integer(0, 0), 1);
}

TEST_F(ConnectionTest, TheOptionsReachTheServer) {
    Connection connection({.dsn = dsn() + " options='-c statement_timeout=7000 -c search_path=mine'",
                           .application_name = "pagehaul it's w\\1",
                           .statement_timeout_ms = 5'000,
                           .lock_timeout_ms = 3'000,
                           .idle_in_transaction_timeout_ms = 9'000});
    EXPECT_EQ(connection.exec("SHOW application_name").text(0, 0), "pagehaul it's w\\1");
    EXPECT_EQ(connection.exec("SHOW statement_timeout").text(0, 0), "7s");
    EXPECT_EQ(connection.exec("SHOW lock_timeout").text(0, 0), "3s");
    EXPECT_EQ(connection.exec("SHOW idle_in_transaction_session_timeout").text(0, 0), "9s");
    EXPECT_EQ(connection.exec("SHOW search_path").text(0, 0), "mine");
    EXPECT_EQ(connection.exec("SHOW client_encoding").text(0, 0), "UTF8");
    EXPECT_GE(connection.server_version(), 130'000);
}

TEST_F(ConnectionTest, NamesAreFoundInTheCatalogAloneWhateverTheUserSaysAndBehindAPoolerWithoutATrace) {
    connect().exec(
        "CREATE SCHEMA mine; CREATE FUNCTION mine.left(text, int) RETURNS text LANGUAGE sql AS $$SELECT "
        "'mine'$$");
    const std::string path = " options='-c search_path=mine,pg_catalog'";
    const auto answers = [](Connection& connection) {
        std::string text = connection.exec("SELECT left('abc', 1)").text(0, 0);
        text += " " + connection.exec("SELECT left($1, 1)", {"abc"}).text(0, 0);
        connection.begin();
        text += " " + connection.exec("SELECT left('abc', 1)").text(0, 0);
        connection.rollback();
        return text + " " + connection.begin("SELECT left('abc', 1)").text(0, 0);
    };
    Connection as_set({.dsn = dsn() + path});
    EXPECT_EQ(answers(as_set), "mine mine mine mine");
    Connection catalog({.dsn = dsn() + path, .catalog_only = true});
    EXPECT_EQ(answers(catalog), "a a a a");
    Connection pooled({.dsn = dsn() + path, .pgbouncer = true, .catalog_only = true});
    EXPECT_EQ(answers(pooled), "a a a a");
    pooled.commit();
    EXPECT_THROW(pooled.exec("SELECT 1/$1::int", {"0"}), SqlError);
    EXPECT_FALSE(pooled.in_transaction());
    EXPECT_EQ(pooled.exec("COMMIT; SHOW search_path").text(0, 0), "mine,pg_catalog");
}

TEST_F(ConnectionTest, AConnectionThatCannotBeMadeNamesTheDsnHostAndDatabaseButNotThePassword) {
    const std::string base = ThrowawayPostgres::instance().dsn("nowhere") + " password=s3cr3t-pass";
    const SqlError missing = sql_error_of([&] { Connection({.dsn = base}); });
    EXPECT_EQ(missing.error().kind, ErrorKind::config);
    EXPECT_EQ(missing.error().origin, "sink.dsn");
    EXPECT_NE(missing.error().message.find("\"nowhere\""), std::string::npos) << missing.what();
    EXPECT_EQ(std::string(missing.what()).find("s3cr3t-pass"), std::string::npos) << missing.what();

    const SqlError role = sql_error_of(
        [&] { Connection({.dsn = ThrowawayPostgres::instance().dsn("postgres", "nobody_here")}); });
    EXPECT_EQ(role.error().kind, ErrorKind::credential) << role.what();

    const SqlError absent =
        sql_error_of([&] { Connection({.dsn = "postgres://u:s3cr3t-pass@127.0.0.1:1/db"}); });
    EXPECT_EQ(absent.error().kind, ErrorKind::transient) << absent.what();
    EXPECT_EQ(std::string(absent.what()).find("s3cr3t-pass"), std::string::npos) << absent.what();
}

TEST_F(ConnectionTest, QuotedNamesAndLiteralsComeBackAsTheyWere) {
    auto connection = connect();
    const std::string odd = "it's \\ a \"name\" \xE2\x82\xAC";
    connection.exec("CREATE TABLE " + quote_identifier(odd) + " (a text)");
    EXPECT_EQ(
        connection.exec("SELECT relname FROM pg_class WHERE relname = " + quote_literal(odd)).text(0, 0),
        odd);
    connection.exec("SET standard_conforming_strings = off");
    EXPECT_EQ(connection.exec("SELECT " + quote_literal(odd)).text(0, 0), odd);
    EXPECT_THROW(quote_identifier(""), Failure);
    EXPECT_THROW(quote_identifier(std::string_view("a\0b", 3)), Failure);
}

TEST_F(ConnectionTest, ArrayLiteralsKeepNullsQuotesAndEmptyTexts) {
    auto connection = connect();
    EXPECT_EQ(connection.exec("SELECT sum(x) FROM unnest($1::bigint[]) x", {array_literal({-5, 7, 40})})
                  .integer(0, 0),
              42);
    const Rows rows = connection.exec(
        "SELECT x FROM unnest($1::text[]) x",
        {array_literal(std::vector<std::optional<std::string>>{"a\"b\\c", "", std::nullopt, "NULL", "{,}"})});
    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows.text(0, 0), "a\"b\\c");
    EXPECT_EQ(rows.text(1, 0), "");
    EXPECT_FALSE(rows[2][0].has_value());
    EXPECT_EQ(rows.text(3, 0), "NULL");
    EXPECT_EQ(rows.text(4, 0), "{,}");
}

/// Its kernel takes what is sent and acknowledges it; nobody answers.
class FrozenBackend {
  public:
    explicit FrozenBackend(int pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
    ~FrozenBackend() { ::kill(pid_, SIGCONT); }
    FrozenBackend(const FrozenBackend&) = delete;
    FrozenBackend& operator=(const FrozenBackend&) = delete;

  private:
    int pid_;
};

TEST_F(ConnectionTest, AServerThatNeverAnswersIsGivenUp) {
    Connection connection({.dsn = dsn(), .statement_timeout_ms = 100, .answer_grace_ms = 100});
    const FrozenBackend frozen(connection.backend_pid());
    const SqlError error = sql_error_of([&] { connection.exec("SELECT 1"); });
    EXPECT_TRUE(error.connection_lost());
    EXPECT_EQ(error.error().kind, ErrorKind::transient);
    EXPECT_THAT(error.error().message, HasSubstr("no answer for"));
}

TEST_F(ConnectionTest, AnAnswerToACommitThatNeverComesIsInDoubt) {
    Connection connection({.dsn = dsn(), .statement_timeout_ms = 100, .answer_grace_ms = 100});
    connection.begin();
    const FrozenBackend frozen(connection.backend_pid());
    EXPECT_EQ(sql_error_of([&] { connection.commit(); }).error().kind, ErrorKind::in_doubt);
}

TEST_F(ConnectionTest, AStatementWithoutALimitIsWaitedFor) {
    Connection connection({.dsn = dsn(), .statement_timeout_ms = 100, .answer_grace_ms = 100});
    const Connection::Unlimited unlimited(connection);
    EXPECT_EQ(connection.exec("SET statement_timeout = 0; SELECT pg_sleep(2.5); SELECT 1").integer(0, 0), 1);
}

TEST_F(ConnectionTest, BinaryParametersArriveAsTheyAre) {
    auto connection = connect();
    const std::string bytes("\0\xff'\\", 4);
    const Rows rows =
        connection.exec_binary("SELECT encode($1::bytea, 'hex'), length($2::bytea)", {bytes, ""});
    EXPECT_EQ(rows.text(0, 0), "00ff275c");
    EXPECT_EQ(rows.text(0, 1), "0");
}

TEST_F(ConnectionTest, ABinaryCursorAnswersBytes) {
    auto connection = connect();
    connection.begin("DECLARE c BINARY CURSOR FOR SELECT 258::bigint, '\\x00ff'::bytea");
    const Rows rows = connection.exec("FETCH 2 FROM c");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.text(0, 0), std::string("\0\0\0\0\0\0\1\2", 8));
    EXPECT_EQ(rows.text(0, 1), std::string("\0\xff", 2));
}

}  // namespace
}  // namespace pagehaul::postgres
