// src/ledger/README.md, "Cost": what the planner is told of a run.
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using Statistics = LedgerTest;

TEST_F(Statistics, TellThePlannerWhatWasPlanned) {
    auto worker = process();
    started(*worker, "k", {"a", "b", "c"});
    EXPECT_EQ(refresh_statistics(worker->work, "pagehaul"), "");
    EXPECT_EQ(ask("SELECT string_agg(relname || ' ' || reltuples, ', ' ORDER BY relname) FROM pg_class WHERE "
                  "oid IN ('pagehaul.page'::regclass, 'pagehaul.slice'::regclass)"),
              "page 3, slice 3");
}

TEST_F(Statistics, ARoleThatMayNotAnalyzeIsNotRefused) {
    db.exec(
        "CREATE ROLE no_owner LOGIN; GRANT USAGE ON SCHEMA pagehaul TO no_owner;"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pagehaul TO no_owner");
    std::string poor = dsn();
    poor.replace(poor.find("user=postgres"), 13, "user=no_owner");
    postgres::Connection connection({.dsn = poor, .application_name = "test"});
    EXPECT_EQ(refresh_statistics(connection, "pagehaul"), "");
    EXPECT_FALSE(connection.in_transaction());
    connection.close();
    db.exec("DROP OWNED BY no_owner; DROP ROLE no_owner");
}

TEST_F(Statistics, AreLeftToAutovacuumWhereSomebodyHoldsTheTable) {
    auto worker = process();
    started(*worker);
    auto other = connect();
    other.begin("LOCK TABLE pagehaul.page IN SHARE UPDATE EXCLUSIVE MODE");
    EXPECT_THAT(refresh_statistics(worker->work, "pagehaul"), ::testing::HasSubstr("lock timeout"));
    EXPECT_EQ(take(*worker).size(), 1U);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
