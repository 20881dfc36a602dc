// src/ledger/README.md, "A commit" and "Page 1".
#include <future>

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Commit : public LedgerTest {
  protected:
    void wait_until_blocked(int backend) {
        while (ask("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + std::to_string(backend)) !=
               "Lock") {
        }
    }
};

TEST_F(Commit, WithoutATotalPageOnePlansTheFirstWindow) {
    policy.total = Policy::Known::nothing;
    auto worker = process();
    started(*worker, "k", {"full", "short", "empty"});
    const auto claims = take(*worker);
    commit(*worker, {page(claims.at(0), 10), page(claims.at(1), 9), page(claims.at(2), 0)});
    EXPECT_EQ(ask("SELECT string_agg(s.key || ' ' || n.highest, ', ' ORDER BY s.id) FROM pagehaul.slice s, "
                  "LATERAL (SELECT max(no) AS highest FROM pagehaul.page WHERE slice_id = s.id) n"),
              "full 9, short 3, empty 2");
}

/// Two writers whose batches overlap would deadlock if each took its pages in an order of its own.
TEST_F(Commit, ABatchsPagesAreLockedInIdOrder) {
    auto one = process();
    started(*one);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    // Page 2 is written last, so that a scan of the table meets it last.
    const Claim three = take(*one, 2).at(1);
    const Claim two = [&] {
        db.exec("UPDATE pagehaul.page SET state = 'pending', worker = NULL WHERE no = 2");
        return take(*one).at(0);
    }();
    ASSERT_EQ(two.no, 2);
    ASSERT_LT(two.page_id, three.page_id);

    db.begin("SELECT 1 FROM pagehaul.page WHERE no = 2 FOR UPDATE");
    auto locked = std::async(std::launch::async, [&] {
        return begin_commit(one->work, one->scope, {three, two});
    });
    wait_until_blocked(one->work.backend_pid());
    EXPECT_EQ(connect().exec("SELECT no FROM pagehaul.page WHERE no = 3 FOR UPDATE SKIP LOCKED").size(), 1U)
        << "it waits for page 2 and holds page 3";
    db.rollback();
    EXPECT_EQ(locked.get(), (std::vector<bool>{true, true}));
    one->work.rollback();
}

TEST_F(Commit, APageThatIsTakenWhileItsLockIsWaitedForIsNotOursAnyMore) {
    auto one = process();
    started(*one);
    commit(*one, {page(take(*one).at(0), 10, 30)});
    const auto claims = take(*one, 2);
    db.begin("UPDATE pagehaul.page SET epoch = epoch + 1 WHERE no = 2");
    auto locked = std::async(std::launch::async, [&] { return begin_commit(one->work, one->scope, claims); });
    wait_until_blocked(one->work.backend_pid());
    db.commit();
    EXPECT_EQ(locked.get(), (std::vector<bool>{false, true}));
    one->work.rollback();
}

TEST_F(Commit, OfAFencedRunNoPageIsLocked) {
    auto one = process();
    started(*one);
    const auto claims = take(*one);
    db.exec("UPDATE pagehaul.pipeline_lock SET run_id = NULL");
    EXPECT_EQ(begin_commit(one->work, one->scope, claims), std::nullopt);
    EXPECT_FALSE(one->work.in_transaction());
}

TEST_F(Commit, PagesThatAreGoneAreNotOursAndThatIsNoFence) {
    auto one = process();
    started(*one);
    const auto claims = take(*one);
    db.exec("DELETE FROM pagehaul.page");
    EXPECT_EQ(begin_commit(one->work, one->scope, claims), (std::vector<bool>{false}));
    one->work.rollback();
}

/// A crash of the server loses rows and `done` together; the verdict's commit waits for all of them.
TEST_F(Commit, DoesNotWaitForTheDiskAndTheNextTransactionDoes) {
    auto one = process();
    started(*one);
    const auto setting = [&] { return one->work.exec("SHOW synchronous_commit").text(0, 0); };
    one->work.exec("SET synchronous_commit = on");
    ASSERT_TRUE(begin_commit(one->work, one->scope, take(*one)));
    EXPECT_EQ(setting(), "off");
    one->work.commit();
    EXPECT_EQ(setting(), "on");
}

TEST_F(Commit, TheKeysOfABatchAreARowASlice) {
    auto one = process();
    started(*one, "k", {"a", "b"});
    const auto first = take(*one);
    commit(*one, {page(first.at(0), 10, 30), page(first.at(1), 10, 20)});
    const auto rest = take(*one);
    ASSERT_EQ(rest.size(), 3U);
    commit(*one, {page(rest.at(1), 10, 30), page(rest.at(0), 10, 30), page(rest.at(2), 10, 20)});
    EXPECT_EQ(
        ask("SELECT string_agg(s.key || k.no || ' ' || length(k.keys) / 8, ', ' ORDER BY s.key, k.no) FROM "
            "pagehaul.page_keys k JOIN pagehaul.slice s ON s.id = k.slice_id"),
        "a1 10, a2 20, b1 10, b2 10");
}

TEST_F(Commit, DoneIsTheLastOfIt) {
    db.exec(
        "CREATE TABLE seen (keys bigint, quarantined bigint, planned bigint, tally bigint);"
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen SELECT "
        "(SELECT count(*) FROM pagehaul.page_keys), (SELECT count(*) FROM pagehaul.quarantine), "
        "(SELECT count(*) FROM pagehaul.page WHERE no > 1), (SELECT count(*) FROM pagehaul.tally); "
        "RETURN NEW; END';"
        "CREATE TRIGGER look BEFORE UPDATE ON pagehaul.page FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE "
        "FUNCTION look()");
    auto worker = process();
    started(*worker);
    PageResult first = page(take(*worker).at(0), 10, 30);
    first.stored = 9;
    first.bad = {{.row = 3, .reason = "r", .payload = "{}"}};
    commit(*worker, {first});
    EXPECT_EQ(ask("SELECT keys || ' ' || quarantined || ' ' || planned || ' ' || tally FROM seen"),
              "1 1 2 1");
}

TEST_F(Commit, ADeferredConstraintOfTheTargetIsAskedBeforeDone) {
    db.exec("CREATE TABLE target (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    auto worker = process();
    started(*worker);
    const auto claims = take(*worker);
    ASSERT_TRUE(begin_fenced(worker->work, worker->scope));
    lock_pages(worker->work, worker->scope, claims);
    worker->work.exec("INSERT INTO public.target VALUES (1), (1)");
    const PageResult result = page(claims.at(0), 2, 2);
    EXPECT_THROW(complete(worker->work, worker->scope, policy, {&result}), postgres::SqlError)
        << "left to COMMIT, its error would come when nothing can be taken back";
    worker->work.rollback();
}

}  // namespace
}  // namespace pagehaul::ledger::testing
