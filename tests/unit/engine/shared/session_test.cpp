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

}  // namespace
}  // namespace pagehaul::engine
