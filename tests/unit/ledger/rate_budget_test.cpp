#include "ledger/rate_budget.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

constexpr Micros kInterval{5'000};

class RateBudget : public LedgerTest {
  protected:
    static BudgetAnswer lease(Process& process, std::int64_t slots, Micros tolerance = kInterval / 2) {
        return ask_budget(process.work, process.scope,
                          {.slots = slots, .span = slots * kInterval, .tolerance = tolerance});
    }
    static BudgetAnswer pause(Process& process, Micros span) {
        return ask_budget(process.work, process.scope, {.pause = span});
    }
    static BudgetAnswer look(Process& process) { return ask_budget(process.work, process.scope, {}); }
};

TEST_F(RateBudget, HandsOutEachSlotOnce) {
    auto one = process();
    auto two = process();
    const BudgetAnswer first = lease(*one, 20);
    const BudgetAnswer second = lease(*two, 10);
    const BudgetAnswer third = lease(*one, 1);
    EXPECT_EQ(second.from, first.from + 20 * kInterval);
    EXPECT_EQ(third.from, second.from + 10 * kInterval);
    EXPECT_EQ(third.handed, 31);
}

TEST_F(RateBudget, BeginsBehindItsClockByTheToleranceAndNoMoreHoweverLongNobodyAsked) {
    auto one = process();
    const BudgetAnswer first = lease(*one, 1, Micros{50'000});
    EXPECT_NEAR(static_cast<double>((first.pause.now - first.from).count()), 50'000, 10'000);
    advance(std::chrono::hours{1});
    const BudgetAnswer later = lease(*one, 1, Micros{50'000});
    EXPECT_NEAR(static_cast<double>((later.pause.now - later.from).count()), 50'000, 10'000);
}

TEST_F(RateBudget, NoSlotLiesInAPauseWhoeverWasTold) {
    auto one = process();
    auto two = process();
    const BudgetAnswer told = pause(*one, std::chrono::seconds{20});
    EXPECT_EQ(look(*two).pause.until, told.pause.until);
    const BudgetAnswer leased = lease(*two, 3);
    EXPECT_EQ(leased.from, told.pause.until);
    EXPECT_EQ(leased.pause.until, told.pause.until);
    EXPECT_EQ(lease(*one, 1).from, leased.from + 3 * kInterval) << "without a burst behind it";
}

TEST_F(RateBudget, APauseShortensNoOther) {
    auto one = process();
    const BudgetAnswer longer = pause(*one, std::chrono::seconds{20});
    EXPECT_EQ(pause(*one, std::chrono::seconds{5}).pause.until, longer.pause.until);
}

TEST_F(RateBudget, APauseIsInTheRunsState) {
    auto one = process();
    auto two = process();
    started(*one);
    started(*two);
    EXPECT_EQ(polled(*two).pause.until, Micros{0});
    const BudgetAnswer told = pause(*one, std::chrono::seconds{20});
    EXPECT_EQ(polled(*two).pause.until, told.pause.until);
    EXPECT_GE(polled(*two).pause.now, told.pause.now);
}

TEST_F(RateBudget, IsEachPipelinesOwn) {
    auto one = process();
    auto other = process();
    other->scope.pipeline = "q";
    lease(*one, 1'000'000);
    const BudgetAnswer first = lease(*other, 1);
    EXPECT_LT(first.from, first.pause.now);
}

TEST_F(RateBudget, BeginsAnewWithAProcessThatIsAloneAndNotWithOneThatJoins) {
    auto one = process();
    started(*one);
    pause(*one, std::chrono::hours{1});
    auto two = process();
    started(*two);
    EXPECT_GT(look(*two).pause.until, Micros{0});
    one->heart.close();
    two->heart.close();
    auto three = process();
    started(*three);
    EXPECT_EQ(look(*three).pause.until, Micros{0});
}

TEST_F(RateBudget, IsSharedWithoutAWaitForTheDisk) {
    auto one = process();
    db.exec(
        "CREATE TABLE seen (how text);"
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES "
        "(current_setting('synchronous_commit')); RETURN new; END $$;"
        "CREATE TRIGGER see BEFORE INSERT ON pagehaul.rate_budget FOR EACH ROW EXECUTE FUNCTION see()");
    one->work.exec("SET synchronous_commit = on");
    lease(*one, 1);
    EXPECT_EQ(ask("SELECT how FROM seen"), "off");
    EXPECT_EQ(one->work.exec("SHOW synchronous_commit").text(0, 0), "on") << "of that statement alone";
}

}  // namespace
}  // namespace pagehaul::ledger::testing
