// The days that a pipeline's runs have pulled, and runs that ended before.
#include "ledger/days.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

struct Days : LedgerTest {
    /// A run whose slices have these days.
    static StartRequest dated(Process& process, const std::string& key,
                              const std::vector<std::string>& days) {
        StartRequest made = request(process, key, {});
        for (const std::string& day : days)
            made.slices.push_back(
                {.key = "date=" + day, .params = R"({"date":")" + day + R"(","date_end":")" + day + R"("})"});
        return made;
    }
    static std::string text(const std::vector<DaysOfRun>& days) {
        std::string out;
        for (const DaysOfRun& row : days) {
            if (!out.empty()) out += ", ";
            out += row.first + ".." + row.last + (row.proven ? " proven" : " open");
        }
        return out;
    }
};

TEST_F(Days, AreThoseOfTheRun) {
    auto worker = process();
    started(*worker, dated(*worker, "k1", {"2026-11-20", "2026-11-21"}));
    pull(*worker, 3);
    EXPECT_EQ(text(read_days(worker->work, worker->scope, "date")),
              "2026-11-20..2026-11-20 proven, 2026-11-21..2026-11-21 proven");
    started(*worker, dated(*worker, "k2", {"2026-11-22"}));
    EXPECT_EQ(text(read_days(worker->work, worker->scope, "date")), "2026-11-22..2026-11-22 open");
}

TEST_F(Days, UpToWhenTheDataIsCompleteIsTheNewestThatARunHasKept) {
    auto worker = process();
    started(*worker, dated(*worker, "k1", {"2026-11-20"}));
    EXPECT_EQ(read_complete_until(worker->work, worker->scope), std::nullopt);
    pull(*worker, 3);
    settle(worker->work, worker->scope, with_complete_until(R"({"verdict":"succeeded"})", 1'795'402'800),
           RunStatus::succeeded);
    EXPECT_EQ(ask("SELECT verdict FROM pagehaul.run"),
              R"({"verdict":"succeeded","complete_until":1795402800})");
    started(*worker, dated(*worker, "k2", {"2026-11-01"}));
    settle(worker->work, worker->scope, with_complete_until(R"({"verdict":"failed"})", 1'795'000'000));
    started(*worker, dated(*worker, "k3", {"2026-11-02"}));
    settle(worker->work, worker->scope, R"({"reason":"said \"complete_until\":1999999999, and lied"})");
    EXPECT_EQ(read_complete_until(worker->work, worker->scope), 1'795'402'800);
}

TEST_F(Days, ADayIsProvenWhenEverySliceOfItIs) {
    auto worker = process();
    StartRequest request = dated(*worker, "k", {});
    for (const char* region : {"eu", "us"})
        request.slices.push_back({.key = region,
                                  .params = R"({"date":"2026-11-20","date_end":"2026-11-22","region":")" +
                                            std::string(region) + R"("})"});
    started(*worker, request);
    commit(*worker, {page(take(*worker, 1).at(0), 3, 3)});
    polled(*worker);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.slice WHERE state = 'proven'"), "1");
    EXPECT_EQ(text(read_days(worker->work, worker->scope, "date")), "2026-11-20..2026-11-22 open");
    pull(*worker, 3);
    EXPECT_EQ(text(read_days(worker->work, worker->scope, "date")), "2026-11-20..2026-11-22 proven");
}

TEST_F(Days, ARunWithoutTheDimensionHasNone) {
    auto worker = process();
    started(*worker, "k", {"all"});
    EXPECT_EQ(text(read_days(worker->work, worker->scope, "date")), "");
}

TEST_F(Days, TellWhenTheRunWasPlanned) {
    auto worker = process();
    started(*worker, dated(*worker, "k", {"2026-11-20"}));
    db.exec("UPDATE pagehaul.run SET created_at = '2026-11-23 03:00:00+00'");
    EXPECT_EQ(read_days(worker->work, worker->scope, "date").at(0).planned_at, 1'795'402'800);
}

TEST_F(Days, AreNotWaitedForLongerThanASecond) {
    auto worker = process();
    started(*worker, dated(*worker, "k", {"2026-11-20"}));
    db.begin();
    db.exec("LOCK TABLE pagehaul.slice IN ACCESS EXCLUSIVE MODE");
    EXPECT_THROW(read_days(worker->work, worker->scope, "date"), postgres::SqlError);
    db.rollback();
    // Of that statement alone.
    EXPECT_EQ(worker->work.exec("SHOW statement_timeout").text(0, 0),
              process()->work.exec("SHOW statement_timeout").text(0, 0));
}

TEST_F(Days, APastRunIsTheNewestUntilAnotherIsBegun) {
    auto worker = process();
    started(*worker, dated(*worker, "k1", {"2026-11-20"}));
    pull(*worker, 3);
    const Scope past = worker->scope;
    db.exec("UPDATE pagehaul.run SET finished_at = '2026-11-23 03:00:00+00'");
    EXPECT_EQ(read_past(worker->work, past).finished_at, 1'795'402'800);
    EXPECT_TRUE(read_past(worker->work, past).is_newest);
    started(*worker, dated(*worker, "k2", {"2026-11-21"}));
    EXPECT_FALSE(read_past(worker->work, past).is_newest);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
