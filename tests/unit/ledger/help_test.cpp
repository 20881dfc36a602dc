#include <gtest/gtest.h>

#include "ledger_fixture.h"

namespace pagehaul::ledger {
namespace {

/// Workers without a run key and without a plan: StartRequest::Intent::work.
class Helping : public testing::LedgerTest {
  protected:
    static StartRequest help(testing::Process& process, const std::string& fingerprint = "f1") {
        StartRequest asked = request(process, "of its own", {});
        asked.intent = StartRequest::Intent::work;
        asked.fingerprint = fingerprint;
        return asked;
    }
    std::string queue() {
        return ask(
            "SELECT coalesce(string_agg(run || ':' || pending || '+' || leased || '=' || length, ' '), "
            "'none') FROM pagehaul.queue_length");
    }
};

TEST_F(Helping, JoinsTheRunInProgressWhateverItsKey) {
    const auto first = process();
    const std::int64_t run = started(*first, "job", {"a", "b"}).run;
    EXPECT_EQ(queue(), "1:2+0=2");
    take(*first, 1);
    EXPECT_EQ(queue(), "1:1+1=2");

    const auto helper = process();
    const Started joined = started(*helper, help(*helper));
    EXPECT_EQ(joined.run, run);
    EXPECT_EQ(joined.kind, Started::Kind::joined);
    EXPECT_EQ(take(*helper).size(), 1U);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.run_key"), "1") << "it has none";
}

TEST_F(Helping, GoesOnWithARunWhoseWorkersHaveDied) {
    auto first = process();
    started(*first, "job", {"a"});
    take(*first);
    kill(first);
    const auto helper = process();
    EXPECT_EQ(started(*helper, help(*helper)).kind, Started::Kind::resumed);
    EXPECT_EQ(pull(*helper, 0).status, RunStatus::succeeded);
    EXPECT_EQ(queue(), "none");
}

TEST_F(Helping, ThereIsNothingToHelpWithoutARunAndBehindOne) {
    const auto helper = process();
    EXPECT_TRUE(std::holds_alternative<NothingToHelp>(start(helper->work, help(*helper))));
    const auto first = process();
    started(*first, "job", {"a"});
    pull(*first, 0);
    EXPECT_TRUE(std::holds_alternative<NothingToHelp>(start(helper->work, help(*helper))));
}

TEST_F(Helping, ARunOfAnotherConfigIsLeftAloneAndWhatDiffersIsSaid) {
    const auto first = process();
    started(*first, "job", {"a"});
    const auto helper = process();
    StartRequest other = help(*helper, "f2");
    other.fingerprint_text = "source.base_url = http://b\nsink.table = t";
    const StartOutcome outcome = start(helper->work, other);
    ASSERT_TRUE(std::holds_alternative<NothingToHelp>(outcome));
    EXPECT_THAT(std::get<NothingToHelp>(outcome).why,
                ::testing::HasSubstr("run 1 is of another config: source.base_url"));
    EXPECT_TRUE(std::get<NothingToHelp>(outcome).another_config);
}

TEST_F(Helping, NobodyIsWantedByARunThatWasToldToStop) {
    const auto first = process();
    started(*first, "job", {"a"});
    db.exec("UPDATE pagehaul.run SET stop_reason = 'credential', stop_at = pagehaul.clock()");
    EXPECT_EQ(queue(), "none");
    const auto helper = process();
    const StartOutcome outcome = start(helper->work, help(*helper));
    ASSERT_TRUE(std::holds_alternative<NothingToHelp>(outcome));
    EXPECT_FALSE(std::get<NothingToHelp>(outcome).another_config);
}

TEST_F(Helping, TheyAreAgainOnceItIsTakenUp) {
    const std::string stop = "UPDATE pagehaul.run SET stop_reason = 'credential', stop_at = pagehaul.clock()";
    auto first = process();
    started(*first, "job", {"a"});
    for (const char* key : {"job", "the next job"}) {
        SCOPED_TRACE(key);
        db.exec(stop);
        kill(first);
        EXPECT_EQ(queue(), "none");
        first = process();
        started(*first, key, {"a"});
        EXPECT_EQ(queue(), "1:1+0=1");
    }
}

TEST_F(Helping, NorByOneAtWhichNobodyHasWorkedForAnHour) {
    auto first = process();
    started(*first, "job", {"a"});
    kill(first);
    db.exec("UPDATE pagehaul.worker SET heartbeat_at = heartbeat_at - interval '59 minutes'");
    EXPECT_EQ(queue(), "1:1+0=1");
    db.exec("UPDATE pagehaul.worker SET heartbeat_at = heartbeat_at - interval '2 minutes'");
    EXPECT_EQ(queue(), "none");
}

}  // namespace
}  // namespace pagehaul::ledger
