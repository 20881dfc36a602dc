// A COMMIT whose answer never came: what the ledger says is what happened.
#include <gmock/gmock.h>

#include "commit_gate.h"
#include "database.h"

namespace pagehaul::engine {
namespace {

using pagehaul::testing::CommitGate;
using testing::DatabaseTest;

class InDoubtTest : public DatabaseTest {
  protected:
    /// Stores the page over a link that is cut at its COMMIT.
    void store(FetchedPage page, CommitGate::Cut cut, std::function<void()> meanwhile = {}) {
        CommitGate gate(folder(), cut, std::move(meanwhile));
        SessionOptions through = session(Millis{60'000});
        through.connect.dsn = "host=" + gate.folder() + " " + dsn().substr(dsn().find("dbname="));
        Committer committer(context, targets, std::move(through));
        committer.commit(batch(std::move(page)), real.stop.cancel_token());
        EXPECT_TRUE(gate.has_cut());
    }
    std::string folder() const {
        const std::size_t begin = dsn().find("host=") + 5;
        return dsn().substr(begin, dsn().find(' ', begin) - begin);
    }
};

TEST_F(InDoubtTest, WhatWasCommittedIsCountedAndNotStoredAgain) {
    store(fetched(leased(1)[0], {"a", "b"}), CommitGate::Cut::before_the_client);
    EXPECT_EQ(stored_notes(), "a,b");
    EXPECT_EQ(done_pages(), "1");
    EXPECT_EQ(context.tallies.pages_stored, 1);
    EXPECT_EQ(context.tallies.rows_stored, 2);
    EXPECT_EQ(context.held.size(), 0U);
    EXPECT_EQ(ask("SELECT sum(pages) || ' ' || sum(stored) FROM pagehaul.tally"), "1 2");
}

TEST_F(InDoubtTest, WhatWasNotCommittedIsDoneAgain) {
    store(fetched(leased(1)[0], {"a", "b"}), CommitGate::Cut::before_the_server);
    EXPECT_EQ(stored_notes(), "a,b");
    EXPECT_EQ(done_pages(), "1");
    EXPECT_EQ(context.tallies.pages_stored, 1);
    EXPECT_EQ(ask("SELECT sum(pages) || ' ' || sum(stored) FROM pagehaul.tally"), "1 2");
}

TEST_F(InDoubtTest, APageThatAnotherTookMeanwhileIsLeftAlone) {
    const ledger::Claim claim = leased(1)[0];
    postgres::Connection other = connect();
    // It waits, as the resolution will, for the old backend to roll back.
    store(fetched(claim, {"a"}), CommitGate::Cut::before_the_server, [&] {
        other.exec(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND application_name = 'pagehaul " +
            worker->id + "' AND state = 'idle in transaction'");
        other.exec("UPDATE pagehaul.page SET epoch = epoch + 1 WHERE id = " + std::to_string(claim.page_id));
    });
    EXPECT_EQ(stored_notes(), "");
    EXPECT_EQ(done_pages(), "0");
    EXPECT_EQ(context.tallies.pages_stored, 0);
    EXPECT_EQ(context.held.size(), 0U) << "it is nobody's here any more";
}

}  // namespace
}  // namespace pagehaul::engine
