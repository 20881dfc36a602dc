// A slice that its only page proves in the transaction that stores it: no poll looks at it.
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class ProvenAtOnce : public LedgerTest {
  protected:
    std::string slice() {
        return ask("SELECT concat_ws(' ', state, proof, total, planned, distinct_keys) FROM pagehaul.slice");
    }
    std::string due() { return ask("SELECT count(DISTINCT slice_id) FROM pagehaul.slice_due"); }
    /// Commits the only page.
    void stored(PageResult result) { commit(*worker, {std::move(result)}); }
    PageResult taken(int fetched, std::optional<std::int64_t> total) {
        worker = process();
        started(*worker);
        ask("DELETE FROM pagehaul.slice_due");
        return page(take(*worker).at(0), fetched, total);
    }
    std::unique_ptr<Process> worker;
};

TEST_F(ProvenAtOnce, IsAShortPageWithItsTotal) {
    stored(taken(7, 7));
    EXPECT_EQ(slice(), "proven counts 7 1 7");
    EXPECT_EQ(due(), "0");
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

TEST_F(ProvenAtOnce, IsNothingWhereTheTotalIsNone) {
    stored(taken(0, 0));
    EXPECT_EQ(slice(), "proven counts 0 1 0");
}

TEST_F(ProvenAtOnce, IsNoFullPageForMoreMayFollow) {
    stored(taken(10, 10));
    EXPECT_EQ(slice(), "open 10 1");
}

TEST_F(ProvenAtOnce, IsNotWhatAPollWouldRefuse) {
    PageResult result = taken(7, 7);
    result.key_hashes.back() = result.key_hashes.front();
    stored(std::move(result));
    EXPECT_EQ(slice(), "open 7 1");
    EXPECT_EQ(due(), "1");
}

TEST_F(ProvenAtOnce, IsNoPageWithRowsInQuarantine) {
    PageResult result = taken(7, 7);
    --result.stored;
    result.bad.push_back({.row = 0, .reason = "r", .payload = "p"});
    stored(std::move(result));
    EXPECT_EQ(slice(), "open 7 1");
    EXPECT_EQ(due(), "1");
}

TEST_F(ProvenAtOnce, IsNotWhatIsPublishedWithItsProof) {
    policy.publishes = true;
    stored(taken(7, 7));
    EXPECT_EQ(slice(), "open 7 1");
}

TEST_F(ProvenAtOnce, IsNoPassThatIsOver) {
    PageResult result = taken(7, 7);
    ask("UPDATE pagehaul.slice SET drift = 'it moved'");
    stored(std::move(result));
    EXPECT_EQ(slice(), "open 7 1");
    EXPECT_EQ(due(), "1");
    polled(*worker);
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "2");
}

TEST_F(ProvenAtOnce, IsAChainOfOnePage) {
    policy.linked = true;
    policy.total = Policy::Known::nothing;
    stored(taken(10, {}));
    EXPECT_EQ(slice(), "proven chain 1 10");
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
