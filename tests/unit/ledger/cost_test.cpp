// src/ledger/README.md, "Cost": what must cost nothing, counted by the server in rows that it has read.
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Cost : public LedgerTest {
  protected:
    /// A poll, and how many rows of these tables it has read.
    struct Price {
        RunState state;
        std::int64_t pages = 0;
        std::int64_t slices = 0;
        std::int64_t keys = 0;
    };
    template <class Work>
    Price price(Process& process, const Work& work) {
        Price before = counted(process);
        work();
        Price after = counted(process);
        after.pages -= before.pages;
        after.slices -= before.slices;
        after.keys -= before.keys;
        return after;
    }
    Price poll_price(Process& process) {
        RunState state;
        Price paid = price(process, [&] { state = polled(process); });
        paid.state = state;
        return paid;
    }

  private:
    Price counted(Process& process) {
        process.work.exec("SELECT pg_stat_force_next_flush()");
        return {.state = {},
                .pages = rows_read("page"),
                .slices = rows_read("slice"),
                .keys = rows_read("page_keys")};
    }
    std::int64_t rows_read(const std::string& table) {
        return std::stoll(ask(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE schemaname = "
            "'pagehaul' AND relname = '" +
            table + "'"));
    }
};

/// What a test has read is in the server's counts only once they are flushed, which older ones do in their
/// own time.
class RowsRead : public Cost {
  protected:
    void SetUp() override {
        if (db.server_version() < 150'000)
            GTEST_SKIP() << "PostgreSQL before 15 has no pg_stat_force_next_flush(): rows read are not "
                            "counted at once";
    }
};

TEST_F(RowsRead, APollReadsNothingOfWhatIsDone) {
    auto worker = process();
    started(*worker, "k", {"pulled", "to come"});
    const auto claims = take(*worker);
    commit(*worker, {page(claims.at(0), 10, 20'000)});
    db.exec(
        "INSERT INTO pagehaul.page_keys SELECT slice_id, pass, no, int8send(no) FROM pagehaul.page WHERE no "
        "BETWEEN 2 AND 1999;"
        "UPDATE pagehaul.page SET state = 'done', fetched = 10, stored = 10, quarantined = 0, duplicates = 0 "
        "WHERE no BETWEEN 2 AND 1999");
    db.exec("VACUUM ANALYZE pagehaul.page");
    const Price price = poll_price(*worker);
    EXPECT_EQ(price.state.pages_pending, 1);
    EXPECT_EQ(price.state.pages_leased, 1);
    EXPECT_LT(price.pages, 20);
    EXPECT_EQ(price.keys, 0);
}

/// Right after planning: the planner has seen nothing of it.
TEST_F(RowsRead, NorOfWhatIsToComeAndAClaimReadsWhatItTakes) {
    std::vector<std::string> slices;
    for (int i = 0; i < 3'000; ++i)
        slices.push_back("s" + std::to_string(i));
    auto worker = process();
    started(*worker, "k", slices);
    commit(*worker, {page(take(*worker, 1).at(0), 10, 50'000)});
    const Price poll = price(*worker, [&] { polled(*worker); });
    EXPECT_LT(poll.pages, 30);
    EXPECT_LT(poll.slices, 10);
    const Price claim = price(*worker, [&] { EXPECT_EQ(take(*worker, 20).size(), 20U); });
    EXPECT_LT(claim.pages, 100);
    EXPECT_LT(claim.slices, 100);
}

TEST_F(RowsRead, AWindowsFullPagesAreNotReadAgain) {
    policy.total = Policy::Known::nothing;
    auto worker = process();
    started(*worker);
    std::int64_t read = 0;
    for (int pages = 1; pages < 1'500;) {
        std::vector<PageResult> results;
        for (const Claim& claim : take(*worker))
            results.push_back(page(claim, 10));
        commit(*worker, results);
        pages += static_cast<int>(results.size());
        read = poll_price(*worker).pages;
    }
    EXPECT_LT(read, 500) << "those of the last step or two, and of the next";
}

TEST_F(Cost, TheKeysOfARunGoAfterItsVerdictInBatches) {
    auto worker = process();
    started(*worker);
    ASSERT_EQ(pull(*worker, 65).status, RunStatus::succeeded);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page_keys"), "2") << "not under the exclusive lock";
    const Scope nobody{.schema = "pagehaul", .pipeline = "p", .worker = ""};
    prune(db, nobody, std::chrono::days{1}, 10, [] { return false; });
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page_keys"), "2") << "a stop leaves them to the next run";
    prune(db, nobody, std::chrono::days{1}, 10);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.page_keys"), "0");
    EXPECT_EQ(ask("SELECT keys_gone FROM pagehaul.run"), "t");
}

TEST_F(RowsRead, TheKeysOfAProvenSliceAreNotCountedAgainBeforeTheEnd) {
    auto worker = process();
    started(*worker, "k", {"proven", "to come"});
    const auto claims = take(*worker);
    commit(*worker, {page(claims.at(0), 5, 5)});
    ASSERT_EQ(polled(*worker).slices_proven, 1);
    EXPECT_EQ(poll_price(*worker).keys, 0);
    commit(*worker, {page(claims.at(1), 5, 5)});
    EXPECT_EQ(polled(*worker).status, RunStatus::succeeded);
}

TEST_F(Cost, PlanningIsAStatementForAThousandSlices) {
    db.exec(
        "CREATE TABLE statements (of_table text);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.statements "
        "VALUES (TG_TABLE_NAME); RETURN NULL; END';"
        "CREATE TRIGGER note AFTER INSERT ON pagehaul.slice FOR EACH STATEMENT EXECUTE FUNCTION note();"
        "CREATE TRIGGER note AFTER INSERT ON pagehaul.page FOR EACH STATEMENT EXECUTE FUNCTION note()");
    std::vector<std::string> slices;
    for (int i = 0; i < 1'500; ++i)
        slices.push_back("s" + std::to_string(i));
    auto worker = process();
    started(*worker, "k", slices);
    EXPECT_EQ(ask("SELECT string_agg(of_table, ',' ORDER BY of_table) FROM statements"),
              "page,page,slice,slice");
    EXPECT_EQ(
        ask("SELECT string_agg(key, ' ' ORDER BY id) FROM pagehaul.slice WHERE key IN ('s999', 's1000')"),
        "s999 s1000");
    db.exec("TRUNCATE statements");
    commit(*worker, {page(take(*worker, 1).at(0), 10, 5'000)});
    EXPECT_EQ(ask("SELECT string_agg(of_table, ',') FROM statements"), "page") << "500 pages";
}

TEST_F(Cost, OldRunsGoInBatchesTheOldestFirst) {
    for (const char* key : {"one", "two", "three"}) {
        auto worker = process();
        started(*worker, key);
        ASSERT_EQ(pull(*worker, 5).status, RunStatus::succeeded);
        settle(worker->work, worker->scope, "");
    }
    advance(std::chrono::hours(48));
    const Scope nobody{.schema = "pagehaul", .pipeline = "p", .worker = ""};
    EXPECT_EQ(prune(db, nobody, std::chrono::days{1}, 2), 2);
    EXPECT_EQ(ask("SELECT string_agg(key, ',') FROM pagehaul.run_key"), "three");
    EXPECT_EQ(prune(db, nobody, std::chrono::days{1}, 2), 1);
}

/// Why the hashes are not in `page`, and why it is vacuumed by a number of rows.
TEST_F(Cost, NoUpdateOfAPageIsHot) {
    auto worker = process();
    started(*worker);
    ASSERT_TRUE(begin_fenced(worker->work, worker->scope));
    worker->work.exec("UPDATE pagehaul.page SET state = 'leased', worker = '" + worker->id +
                      "', leased_at = now()");
    EXPECT_EQ(
        worker->work
            .exec("SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname "
                  "= 'page'")
            .text(0, 0),
        "1 0");
    worker->work.rollback();
    EXPECT_THAT(
        ask("SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = 'pagehaul.page'::regclass"),
        ::testing::AllOf(::testing::HasSubstr("autovacuum_vacuum_scale_factor=0"),
                         ::testing::HasSubstr("autovacuum_vacuum_threshold=5000")));
}

}  // namespace
}  // namespace pagehaul::ledger::testing
