#include "engine/shared/session.h"

#include <gmock/gmock.h>

#include "database.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::DatabaseTest;
using ::testing::HasSubstr;
using ::testing::Not;

class SessionTest : public DatabaseTest {
  protected:
    Session open(Millis patience) { return {session(patience), system_clock(), real.random}; }
    static void end_own_backend(postgres::Connection& connection) {
        connection.exec("SELECT pg_terminate_backend(pg_backend_pid())");
    }
    /// A transaction that counts, as a sequence does, how often it was made.
    static void make(Session& session) {
        session.connection().begin();
        session.connection().exec("SELECT nextval('tries')");
    }
    std::string made() { return ask("SELECT last_value FROM tries"); }
    [[noreturn]] static void lose_the_answer() {
        throw postgres::SqlError({ErrorKind::in_doubt, "", "the link was lost"}, "", true);
    }
    static bool not_asked(postgres::Connection& /*connection*/) {
        ADD_FAILURE() << "no answer to COMMIT was lost";
        return true;
    }
};

TEST_F(SessionTest, OpensANewConnectionWhenTheOldOneIsLost) {
    Session session = open(Millis{60'000});
    std::vector<int> backends;
    session.run({}, [&](postgres::Connection& connection) {
        backends.push_back(connection.backend_pid());
        if (backends.size() == 1) end_own_backend(connection);
        connection.exec("SELECT 1");
    });
    ASSERT_EQ(backends.size(), 2U);
    EXPECT_NE(backends[0], backends[1]);
}

TEST_F(SessionTest, TheWarningOfALossRepeatsNoData) {
    const log::Capture capture;
    Session session = open(Millis{60'000});
    int tries = 0;
    session.run({}, [&](postgres::Connection& connection) {
        if (++tries > 1) return;
        connection.exec("DO $$ BEGIN RAISE 'not now' USING errcode = '57014', detail = 'row-canary'; END $$");
    });
    EXPECT_THAT(capture.lines(), Contains(AllOf(HasSubstr("database unavailable"), HasSubstr("not now"))));
    EXPECT_THAT(capture.lines(), Not(Contains(HasSubstr("canary"))));
}

TEST_F(SessionTest, WithoutPatienceTheFirstLossIsThrownOn) {
    Session session = open(Millis{0});
    EXPECT_THROW(session.run({}, end_own_backend), postgres::SqlError);
}

TEST_F(SessionTest, AStopEndsThePause) {
    Session session = open(Millis{60'000});
    std::stop_source stop;
    stop.request_stop();
    try {
        session.run(stop.get_token(), end_own_backend);
        FAIL() << "expected a failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::cancelled);
    }
}

TEST_F(SessionTest, AnErrorThatTryingAgainDoesNotHelpIsThrownOnAndRolledBack) {
    Session session = open(Millis{60'000});
    int tries = 0;
    EXPECT_THROW(session.run({},
                             [&](postgres::Connection& connection) {
                                 ++tries;
                                 connection.begin();
                                 connection.exec("SELECT 1 / 0");
                             }),
                 postgres::SqlError);
    EXPECT_EQ(tries, 1);
    EXPECT_FALSE(session.connection().in_transaction());
}

TEST_F(SessionTest, ATransactionIsMadeAgainAfterADeadlockUntilItIsCommitted) {
    Session session = open(Millis{60'000});
    int tries = 0;
    session.transact(
        {},
        [&] {
            make(session);
            if (++tries < 3)
                session.connection().exec("DO $$ BEGIN RAISE 'deadlock' USING errcode = '40P01'; END $$");
            session.connection().commit();
        },
        not_asked);
    EXPECT_EQ(made(), "3");
    EXPECT_FALSE(session.connection().in_transaction());
}

TEST_F(SessionTest, ATransactionIsMadeAgainOnANewConnectionWhenTheOldOneIsLost) {
    Session session = open(Millis{60'000});
    std::vector<int> backends;
    session.transact(
        {},
        [&] {
            make(session);
            backends.push_back(session.connection().backend_pid());
            if (backends.size() == 1) end_own_backend(session.connection());
            session.connection().commit();
        },
        not_asked);
    ASSERT_EQ(backends.size(), 2U);
    EXPECT_NE(backends[0], backends[1]);
}

TEST_F(SessionTest, WhatHasLandedThoughTheAnswerWasLostIsNotMadeAgain) {
    Session session = open(Millis{0});
    int backend = 0;
    int asked = 0;
    session.transact(
        {},
        [&] {
            make(session);
            backend = session.connection().backend_pid();
            session.connection().commit();
            lose_the_answer();
        },
        [&](postgres::Connection& connection) {
            ++asked;
            EXPECT_NE(connection.backend_pid(), backend) << "the old one may still be about to commit";
            return true;
        });
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(made(), "1");
}

TEST_F(SessionTest, WhatHasNotLandedIsMadeAgainWithoutAPauseOrPatience) {
    Session session = open(Millis{0});
    int tries = 0;
    session.transact(
        {},
        [&] {
            make(session);
            if (++tries == 1) lose_the_answer();
            session.connection().commit();
        },
        [](postgres::Connection&) { return false; });
    EXPECT_EQ(made(), "2");
}

TEST_F(SessionTest, TheQuestionWhetherItHasLandedIsAskedUntilItIsAnswered) {
    Session session = open(Millis{60'000});
    int asked = 0;
    session.transact({}, lose_the_answer, [&](postgres::Connection& connection) {
        if (++asked == 1) end_own_backend(connection);
        return true;
    });
    EXPECT_EQ(asked, 2);
}

TEST_F(SessionTest, ATransactionThatIsRefusedIsThrownOnAndRolledBack) {
    Session session = open(Millis{60'000});
    EXPECT_THROW(session.transact(
                     {},
                     [&] {
                         make(session);
                         session.connection().exec("SELECT 1 / 0");
                     },
                     not_asked),
                 postgres::SqlError);
    EXPECT_EQ(made(), "1");
    EXPECT_FALSE(session.connection().in_transaction());
}

TEST_F(SessionTest, WithoutPatienceATransactionsFirstLossIsThrownOn) {
    Session session = open(Millis{0});
    EXPECT_THROW(session.transact(
                     {}, [&] { end_own_backend(session.connection()); }, not_asked),
                 postgres::SqlError);
}

TEST_F(SessionTest, AStopEndsThePauseBeforeATransactionsNextTry) {
    Session session = open(Millis{60'000});
    std::stop_source stop;
    stop.request_stop();
    try {
        session.transact(
            stop.get_token(), [&] { end_own_backend(session.connection()); }, not_asked);
        FAIL() << "expected a failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::cancelled);
    }
}

}  // namespace
}  // namespace pagehaul::engine
