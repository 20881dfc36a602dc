#include "engine/heartbeat.h"

#include "database.h"

namespace pagehaul::engine {
namespace {

using testing::DatabaseTest;

/// Beats whenever the test lets five seconds pass.
class HeartbeatTest : public DatabaseTest {
  protected:
    HeartbeatTest() {
        timed.scope = worker->scope;
        heartbeat.emplace(timed, postgres::ConnectOptions{.dsn = dsn(), .application_name = "pagehaul heart"},
                          std::make_unique<postgres::Connection>(
                              postgres::ConnectOptions{.dsn = dsn(), .application_name = "pagehaul heart"}));
        clock.wait_for_sleepers();
    }
    void beat(Nanos after = std::chrono::seconds(5)) {
        clock.advance(after);
        clock.wait_for_sleepers();
    }
    void beats(int count) {
        for (int i = 0; i < count; ++i)
            beat();
    }

    pagehaul::testing::ManualClock clock;
    Context timed{.config = real.config,
                  .clock = clock,
                  .random = real.random,
                  .stop = real.stop,
                  .metrics = real.metrics};
    std::optional<Heartbeat> heartbeat;
};

TEST_F(HeartbeatTest, KeepsTheWorkerAndTheLockFresh) {
    db.exec("UPDATE pagehaul.worker SET heartbeat_at = '2000-01-01'");
    db.exec("UPDATE pagehaul.pipeline_lock SET expires_at = '2000-01-01'");
    beat();
    EXPECT_EQ(ask("SELECT min(heartbeat_at) > now() - interval '1 hour' FROM pagehaul.worker"), "t");
    EXPECT_EQ(ask("SELECT expires_at > now() FROM pagehaul.pipeline_lock"), "t");
    EXPECT_EQ(real.stop.cause(), StopCause::none);
}

TEST_F(HeartbeatTest, MayJudgeOthersOnlyAfterBeatingForTheStaleTime) {
    EXPECT_FALSE(heartbeat->may_judge_time());
    beats(5);
    EXPECT_FALSE(heartbeat->may_judge_time());
    beat();
    EXPECT_TRUE(heartbeat->may_judge_time());
}

TEST_F(HeartbeatTest, AGapOfItsOwnStartsTheStaleTimeAnew) {
    beats(7);
    beat(std::chrono::seconds(11));
    EXPECT_FALSE(heartbeat->may_judge_time());
    beats(5);
    EXPECT_FALSE(heartbeat->may_judge_time());
    beat();
    EXPECT_TRUE(heartbeat->may_judge_time());
}

TEST_F(HeartbeatTest, AGapLongerThanTheStaleTimePutsOlderLeasesInDoubt) {
    const std::int64_t page = leased(1)[0].page_id;
    timed.held.add(page, clock.now());
    beat(std::chrono::seconds(29));
    EXPECT_FALSE(timed.held.in_doubt(page, clock.now()));
    beat(std::chrono::seconds(31));
    EXPECT_TRUE(timed.held.in_doubt(page, clock.now()));
    timed.held.add(page, clock.now());
    EXPECT_FALSE(timed.held.in_doubt(page, clock.now()));
}

TEST_F(HeartbeatTest, ALostConnectionIsReplacedAndTheLedgerToldOfTheNewBackend) {
    beat();
    const std::string before = ask("SELECT backend_pid FROM pagehaul.worker");
    db.exec(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'pagehaul "
        "heart'");
    beat();                         // finds the connection lost
    beat(std::chrono::seconds(1));  // and a second later beats on a new one
    EXPECT_NE(ask("SELECT backend_pid FROM pagehaul.worker"), before);
    EXPECT_EQ(
        ask("SELECT count(*) FROM pagehaul.worker w JOIN pg_stat_activity a ON a.pid = w.backend_pid AND "
            "a.backend_start = w.backend_start"),
        "1")
        << "a worker whose backend is gone counts as dead";
    EXPECT_FALSE(heartbeat->may_judge_time());
}

TEST_F(HeartbeatTest, ALostLockCancels) {
    db.exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
    beat();
    EXPECT_EQ(real.stop.cause(), StopCause::lost);
    EXPECT_TRUE(real.stop.cancel_token().stop_requested());
}

TEST_F(HeartbeatTest, ObeysAStopReasonSetAfterItsOwnStart) {
    db.exec("UPDATE pagehaul.run SET stop_reason = 'credential: refused', stop_at = now() + interval '1 s'");
    beat();
    EXPECT_EQ(real.stop.cause(), StopCause::credential);
    EXPECT_FALSE(real.stop.cancel_token().stop_requested()) << "what is in flight goes on";
}

TEST_F(HeartbeatTest, EndsAsTheProcessThatToldTheReason) {
    db.exec(
        "UPDATE pagehaul.run SET stop_reason = 'config: no such column', stop_at = now() + interval '1 s'");
    beat();
    EXPECT_EQ(real.stop.cause(), StopCause::config);
}

TEST_F(HeartbeatTest, AStopReasonFromBeforeItsStartIsForOthers) {
    db.exec("UPDATE pagehaul.run SET stop_reason = 'credential: refused', stop_at = '2000-01-01'");
    beat();
    EXPECT_EQ(real.stop.cause(), StopCause::none);
}

}  // namespace
}  // namespace pagehaul::engine
