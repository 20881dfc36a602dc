#include "engine/settling.h"
#include "database.h"

namespace pagehaul::engine {
namespace {

using testing::DatabaseTest;

/// Which connection the last words of a run go over: `warm` is the claimer's, on which the run was just seen
/// in `status`.
class SettlingTest : public DatabaseTest {
  protected:
    SettlingTest() { real.config.sink.dsn.value = dsn(); }

    std::unique_ptr<postgres::Connection> connection_after(ledger::RunStatus status) {
        auto warm = std::make_unique<postgres::Connection>(session(Millis{0}).connect);
        warm_backend = warm->backend_pid();
        ledger::RunState last;
        last.status = status;
        return connection_to_settle(context, last, std::move(warm));
    }
    int warm_backend = 0;
};

TEST_F(SettlingTest, GoesOnWithTheWarmConnectionOnWhichTheRunSucceededForSecondsAtMost) {
    const auto connection = connection_after(ledger::RunStatus::succeeded);
    EXPECT_EQ(connection->backend_pid(), warm_backend);
    EXPECT_EQ(connection->exec("SHOW statement_timeout").text(0, 0), "5s");
}

TEST_F(SettlingTest, OpensANewOneAfterAStopWhoseCauseMayBeASilentLink) {
    const auto connection = connection_after(ledger::RunStatus::running);
    EXPECT_NE(connection->backend_pid(), warm_backend);
    EXPECT_EQ(connection->exec("SHOW statement_timeout").text(0, 0), "5s");
}

TEST_F(SettlingTest, LeavesNoSettingBehindInAPoolersSession) {
    context.scope.pgbouncer = true;
    EXPECT_NE(connection_after(ledger::RunStatus::succeeded)->backend_pid(), warm_backend);
}

TEST_F(SettlingTest, ADatabaseThatIsGoneIsLeftAlone) {
    real.config.sink.dsn.value = "postgresql://127.0.0.1:1/gone";
    EXPECT_EQ(connection_to_settle(context, std::nullopt, nullptr), nullptr);
    ledger::RunState last;
    last.pages_done = 7;
    EXPECT_EQ(settle(context, last, nullptr)->pages_done, 7);
}

}  // namespace
}  // namespace pagehaul::engine
