// The run's threads together, on a real ledger and a scripted source: src/engine/README.md, "Stop".
#include "engine/crew.h"

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>

#include "database.h"
#include "gate_parts.h"
#include "scripted_transport.h"

namespace pagehaul::engine {
namespace {

using ::testing::Contains;
using testing::DatabaseTest;
using ::testing::HasSubstr;
using ::testing::Not;

/// An API of five rows, two a page.
std::string body_of(const std::string& target) {
    const int page = std::stoi(target.substr(target.find("page=") + 5));
    std::string rows;
    for (int id = 2 * page - 1; id <= std::min(5, 2 * page); ++id) {
        if (!rows.empty()) rows += ',';
        rows += R"({"id": )" + std::to_string(id) + R"(, "note": "n)" + std::to_string(id) + R"("})";
    }
    return R"({"total": 5, "rows": [)" + rows + "]}";
}

class CrewTest : public DatabaseTest {
  protected:
    using Answer = pagehaul::testing::ScriptedTransport::Answer;

    CrewTest() {
        context.policies.only().total_advisory = false;
        real.config.run.drain = Millis{0};
        sizing.fetch_workers = 1;
        sizing.writers = 1;
        sizing.job_queue = 4;
        sizing.batch_bytes = 1 << 20;
    }

    /// Works until the end of the run or a stop. `answer`: nothing, and the page is answered.
    void work(const std::function<Result<http::Response>(int page, std::stop_token cancel)>& answer = {},
              Deadline deadline = Deadline::never()) {
        transport.then(
            [answer](const http::Request& request, std::stop_token cancel) -> Result<http::Response> {
                const int page = std::stoi(request.target.substr(request.target.find("page=") + 5));
                if (answer) {
                    auto instead = answer(page, cancel);
                    if (!instead || instead->status != 0) return instead;
                }
                http::Response response;
                response.status = 200;
                response.body = http::Body::of(body_of(request.target));
                return response;
            });
        const postgres::ConnectOptions connect = session(Millis{60'000}).connect;
        Heartbeat heartbeat(context, connect, std::make_unique<postgres::Connection>(connect));
        testing::GateParts parts(context, transport);
        Crew crew(context, sizing,
                  {.gate = parts.gate,
                   .targets = targets,
                   .heartbeat = heartbeat,
                   .grace = *grace,
                   .connect = connect,
                   .claimer = {},
                   .on_state = on_state});
        EXPECT_TRUE(crew.work(deadline)) << "every thread has ended";
    }
    static Result<http::Response> as_usual() { return http::Response{}; }
    static Result<http::Response> never(const std::stop_token& cancel) {
        system_clock().wait_until(MonoTime::max(), cancel);
        return fail(ErrorKind::cancelled, "", "cancelled");
    }
    std::string run_state() { return ask("SELECT state FROM pagehaul.run"); }

    pagehaul::testing::ScriptedTransport transport;
    machine::Sizing sizing;
    std::optional<Grace> grace{std::in_place, std::nullopt, system_clock()};
    std::function<void(const ledger::RunState&)> on_state = [](const ledger::RunState&) {};
};

TEST_F(CrewTest, PullsARunToItsProvenEnd) {
    work();
    EXPECT_EQ(run_state(), "succeeded");
    EXPECT_EQ(stored_notes(), "n1,n2,n3,n4,n5");
    EXPECT_EQ(real.stop.cause(), StopCause::none);
    EXPECT_EQ(context.held.size(), 0U);
}

TEST_F(CrewTest, AStopLetsTheRequestInFlightFinishAndStoresItsPage) {
    real.config.run.drain = Millis{60'000};
    work([this](int page, const std::stop_token&) {
        if (page == 2) real.stop.no_new_work(StopCause::sigterm, "SIGTERM");
        return as_usual();
    });
    EXPECT_EQ(stored_notes(), "n1,n2,n3,n4");
    EXPECT_THAT(transport.targets(), Not(Contains(HasSubstr("page=3"))));
}

TEST_F(CrewTest, WhatIsInFlightAfterTheDrainIsCancelledAndGoesBack) {
    work([this](int page, const std::stop_token& cancel) {
        if (page != 2) return as_usual();
        real.stop.no_new_work(StopCause::sigterm, "SIGTERM");
        return never(cancel);
    });
    EXPECT_EQ(stored_notes(), "n1,n2");
    EXPECT_EQ(ask("SELECT state FROM pagehaul.page WHERE no = 2"), "pending");
    EXPECT_EQ(ask("SELECT max(attempts) FROM pagehaul.page"), "0") << "a cancelled try counts nothing";
}

TEST_F(CrewTest, ASigtermWhileItDrainsForAnotherCauseEndsTheDrainWithItsGrace) {
    real.config.run.drain = std::chrono::hours{1};
    grace.emplace(kLeastGrace, system_clock());
    const MonoTime began = system_clock().now();
    work([this](int page, const std::stop_token& cancel) {
        if (page != 2) return as_usual();
        real.stop.no_new_work(StopCause::sigint, "SIGINT");
        grace->begin();
        return never(cancel);
    });
    EXPECT_LT(system_clock().now() - began, std::chrono::minutes{1}) << "a drain of a second";
    EXPECT_EQ(ask("SELECT state FROM pagehaul.page WHERE no = 2"), "pending");
}

TEST_F(CrewTest, TheDeadlineStopsIt) {
    work([](int, const std::stop_token& cancel) { return never(cancel); },
         Deadline::after(context.clock.now(), Millis{50}));
    EXPECT_EQ(real.stop.cause(), StopCause::deadline);
    EXPECT_EQ(run_state(), "running") << "to be resumed";
}

TEST_F(CrewTest, ALostLockEndsItWithoutAnotherWrite) {
    work([this](int page, const std::stop_token&) {
        if (page == 2) connect().exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
        return as_usual();
    });
    EXPECT_EQ(real.stop.cause(), StopCause::lost);
    EXPECT_EQ(stored_notes(), "n1,n2");
}

TEST_F(CrewTest, AThreadThatThrowsIsABugAndEndsTheOthers) {
    on_state = [](const ledger::RunState&) { throw std::runtime_error("a canary"); };
    work();
    EXPECT_EQ(real.stop.cause(), StopCause::bug);
    EXPECT_THAT(real.stop.reason(), HasSubstr("claimer: a canary"));
}

}  // namespace
}  // namespace pagehaul::engine
