#include "engine/rate_keeper.h"

#include <gtest/gtest.h>

#include "database.h"
#include "engine/claimer.h"

namespace pagehaul::engine {
namespace {

using testing::DatabaseTest;
using namespace std::chrono_literals;

class RateKeeperTest : public DatabaseTest {
  protected:
    /// A process's limiter and its keeper at work.
    struct Kept {
        Kept(RateKeeperTest& test, double per_second)
            : limiter(limits(per_second), test.context.clock, http::Share::leased),
              keeper(test.context, limiter, test.session(Millis{60'000})),
              thread([this](std::stop_token over) { work(std::move(over)); }) {}

        void work(std::stop_token over) {
            try {
                keeper.work(std::move(over));
            } catch (const Failure& failure) {
                EXPECT_EQ(failure.error().kind, ErrorKind::cancelled);
            }
        }

        static config::Limits limits(double per_second) {
            config::Limits limits;
            limits.rate = config::Rate{per_second};
            return limits;
        }
        http::RateLimiter limiter;
        RateKeeper keeper;
        std::jthread thread;
    };

    MonoTime now() const { return context.clock.now(); }
    bool eventually(const std::function<bool()>& holds, Nanos within) const {
        for (const MonoTime until = now() + within; now() < until;) {
            if (holds()) return true;
            context.clock.wait_until(now() + 5ms, {});
        }
        return false;
    }
};

TEST_F(RateKeeperTest, TwoOfThemKeepOneRate) {
    Kept one(*this, 100);
    Kept two(*this, 100);
    const MonoTime began = now();
    {
        const auto ask = [](http::RateLimiter& limiter) {
            for (int i = 0; i < 50; ++i)
                ASSERT_TRUE(limiter.acquire({}));
        };
        const std::jthread first([&] { ask(one.limiter); });
        const std::jthread second([&] { ask(two.limiter); });
    }
    EXPECT_GE(now() - began, 980ms) << "100 requests at 100/s";
}

TEST_F(RateKeeperTest, APauseThatOneIsToldHoldsTheOtherBackWithinASecond) {
    Kept one(*this, 1);
    Kept two(*this, 1);
    ASSERT_TRUE(one.limiter.acquire({}));
    std::stop_source over;
    const std::jthread waiting([&] { two.limiter.acquire(over.get_token()); });
    one.limiter.pause_until(now() + 1h);
    EXPECT_TRUE(eventually([&] { return two.limiter.paused_until().has_value(); }, 1s));
    over.request_stop();
}

TEST_F(RateKeeperTest, WithoutARateTheClaimerTellsOfAPauseAndHearsOfOthers) {
    http::RateLimiter limiter(config::Limits{}, context.clock, http::Share::leased);
    ClaimQueue jobs{8};
    Outbox outbox{context.wake};
    SourceHealth health{{.patience = 1h}};
    std::stop_source workers_joined;
    Claimer claimer(context, jobs, outbox, health, session(Millis{60'000}),
                    {.ahead = 4,
                     .max_lease = Millis{600'000},
                     .limiter = &limiter,
                     .may_judge_time = [] { return false; },
                     .on_state = [](const ledger::RunState&) {}});
    std::jthread thread([&] { claimer.work(workers_joined.get_token()); });

    const MonoTime told = now() + 60s;
    limiter.pause_until(told);
    context.wake.set();
    EXPECT_TRUE(eventually(
        [&] {
            return ask("SELECT count(*) FROM pagehaul.rate_budget WHERE paused_until > clock_timestamp()") ==
                   "1";
        },
        5s));
    db.exec("UPDATE pagehaul.rate_budget SET paused_until = paused_until + interval '1 hour'");
    EXPECT_TRUE(eventually([&] { return limiter.paused_until() > told + 59min; }, 5s));
    real.stop.no_new_work(StopCause::sigterm, "");
    workers_joined.request_stop();
}

TEST_F(RateKeeperTest, ALostConnectionIsReplaced) {
    Kept one(*this, 1'000);
    ASSERT_TRUE(one.limiter.acquire({}));
    db.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pagehaul " +
            worker->id + "' AND query LIKE '%rate_budget%'");
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(one.limiter.acquire({}));
}

}  // namespace
}  // namespace pagehaul::engine
