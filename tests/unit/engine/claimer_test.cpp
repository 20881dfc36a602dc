#include "engine/claimer.h"

#include <gmock/gmock.h>

#include "database.h"

namespace pagehaul::engine {
namespace {

using testing::DatabaseTest;

class ClaimerTest : public DatabaseTest {
  protected:
    /// The first lease that it queues; nothing when it has looked at the run five times without one.
    std::optional<ledger::Claim> first_claim() {
        std::stop_source given_up;
        std::stop_source workers_joined;
        int polls = 0;
        Claimer claimer(context, jobs, outbox, health, session(Millis{60'000}),
                        {.ahead = 4,
                         .max_lease = Millis{600'000},
                         .may_judge_time = [] { return false; },
                         .on_state =
                             [&](const ledger::RunState&) {
                                 if (++polls == 5) given_up.request_stop();
                             }});
        std::jthread thread([&] { claimer.work(workers_joined.get_token()); });
        std::optional<ledger::Claim> claim = jobs.pop(given_up.get_token(), 8);
        real.stop.no_new_work(StopCause::sigterm, "");
        workers_joined.request_stop();
        return claim;
    }
    void nothing_is_due() {
        db.exec("UPDATE pagehaul.page SET not_before = clock_timestamp() + interval '1 hour'");
    }
    void source_is_down() { health.on_failure(system_clock().now() - std::chrono::minutes(1)); }

    ClaimQueue jobs{8};
    Outbox outbox{context.wake};
    SourceHealth health{{.patience = std::chrono::hours(1)}};
};

TEST_F(ClaimerTest, QueuesWhatIsDue) {
    const auto claim = first_claim();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->no, 1);
}

TEST_F(ClaimerTest, LeavesAPageThatWaitsForItsNextTry) {
    nothing_is_due();
    EXPECT_FALSE(first_claim());
}

TEST_F(ClaimerTest, WhileTheSourceIsDownAPageThatWaitsCarriesTheProbe) {
    nothing_is_due();
    source_is_down();
    EXPECT_TRUE(first_claim()) << "or the source's return goes unnoticed until the back-off is over";
}

}  // namespace
}  // namespace pagehaul::engine
