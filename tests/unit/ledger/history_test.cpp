// What the ledger keeps of a run for people to look at later: `report`.
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class History : public LedgerTest {
  protected:
    static Setback failed_try(const Claim& claim, const std::string& error, bool counts = true) {
        return {.claim = claim, .counts = counts, .error = error, .payload = ""};
    }
    void to_version_three() {
        db.exec(
            "DELETE FROM pagehaul.schema_version WHERE version > 3; DROP VIEW pagehaul.queue_length;"
            "ALTER TABLE pagehaul.page_keys RENAME COLUMN keys TO packed;"
            "ALTER TABLE pagehaul.page_keys ADD COLUMN keys bigint[];"
            "UPDATE pagehaul.page_keys SET keys = (SELECT array_agg(('x' || encode(substr(packed, i, 8), "
            "'hex'))::bit(64)::bigint ORDER BY i) FROM generate_series(1, length(packed), 8) i);"
            "ALTER TABLE pagehaul.page_keys DROP COLUMN packed;"
            "ALTER TABLE pagehaul.schema_version DROP COLUMN salt, DROP COLUMN serves_from; ALTER TABLE "
            "pagehaul.page DROP COLUMN "
            "lost_with, DROP COLUMN token;"
            "ALTER TABLE pagehaul.slice DROP COLUMN carried_from, DROP COLUMN taken_over_by, DROP COLUMN "
            "abandoned;"
            "ALTER TABLE pagehaul.run DROP COLUMN keys_gone;"
            "ALTER TABLE pagehaul.slice DROP COLUMN full_pass, DROP COLUMN full_to, DROP COLUMN halves, DROP "
            "COLUMN split_from, DROP COLUMN stream, "
            "DROP COLUMN is_child; CREATE INDEX slice_open ON pagehaul.slice (run_id) WHERE state = 'open';"
            "DROP TABLE pagehaul.run_tally, pagehaul.slice_due, pagehaul.rate_budget, pagehaul.credential, "
            "pagehaul.published;"
            "DROP FUNCTION pagehaul.count_pages, pagehaul.count_slices CASCADE;"
            "ALTER TABLE pagehaul.worker DROP COLUMN pages, DROP COLUMN rows_stored, DROP COLUMN requests, "
            "DROP "
            "COLUMN setbacks, DROP COLUMN in_flight, DROP COLUMN in_flight_limit, DROP COLUMN exit_code, "
            "DROP "
            "COLUMN credential_refused, DROP COLUMN redeliveries;"
            "DROP INDEX pagehaul.slice_failed, pagehaul.page_refused, pagehaul.page_waiting");
    }
    std::string sums() {
        return ask(
            "SELECT concat_ws(' ', 'open', sum(open), 'told', sum(told), 'pending', sum(pending), 'leased', "
            "sum(leased), 'done', sum(done), 'fetched', sum(fetched), 'stored', sum(stored), 'quarantined', "
            "sum(quarantined)) FROM pagehaul.run_tally");
    }
    std::string causes() {
        return ask(
            "SELECT coalesce(string_agg(cause || ' ' || counted || '/' || times, ', ' ORDER BY cause), '') "
            "FROM pagehaul.setback");
    }
};

TEST_F(History, APageTellsWhenItWasStoredAndHowLongItsRequestTook) {
    auto worker = process();
    started(*worker);
    PageResult one = page(take(*worker).at(0), 10, 20);
    one.fetch_ms = 1234;
    commit(*worker, {one});
    EXPECT_EQ(ask("SELECT string_agg(no || ' ' || coalesce(fetch_ms::text, '-') || ' ' || "
                  "(done_at IS NOT NULL), ', ' ORDER BY no) FROM pagehaul.page"),
              "1 1234 true, 2 - false");
}

TEST_F(History, ASetbackIsCountedByItsCause) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 50)});
    const auto claims = take(*worker);
    record(worker->work, worker->scope,
           {failed_try(claims[0], "503"), failed_try(claims[1], "429", false), failed_try(claims[2], "503")});
    EXPECT_EQ(causes(), "429 0/1, 503 2/2");
    const auto again = take(*worker);
    record(worker->work, worker->scope,
           {failed_try(again[0], "503"),
            {.claim = again[1], .kind = Setback::Kind::refused, .error = "404", .payload = ""}});
    EXPECT_EQ(causes(), "404 0/1, 429 0/1, 503 3/3");
    EXPECT_EQ(ask("SELECT string_agg(no || ' ' || setbacks, ', ' ORDER BY no) FROM pagehaul.page"),
              "1 0, 2 2, 3 2, 4 1, 5 0");
}

TEST_F(History, APageThatIsGivenBackHadNoSetback) {
    auto worker = process();
    started(*worker);
    record(worker->work, worker->scope,
           {{.claim = take(*worker).at(0), .kind = Setback::Kind::returned, .error = "", .payload = ""}});
    EXPECT_EQ(causes(), "");
    EXPECT_EQ(ask("SELECT setbacks FROM pagehaul.page"), "0");
}

TEST_F(History, ASetbackOfALostLeaseIsNotCounted) {
    auto worker = process();
    started(*worker);
    auto claims = take(*worker);
    --claims[0].epoch;
    record(worker->work, worker->scope, {failed_try(claims[0], "503")});
    EXPECT_EQ(causes(), "");
}

TEST_F(History, CausesThatDifferOnlyBehindTheLengthThatIsKeptAreOne) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 30)});
    const auto claims = take(*worker);
    const std::string long_text(300, 'x');
    record(worker->work, worker->scope,
           {failed_try(claims[0], long_text + "1"), failed_try(claims[1], long_text + "2")});
    EXPECT_EQ(causes(), long_text.substr(0, 200) + " 2/2");
}

TEST_F(History, WhatIsCountedOfARunGoesWithIt) {
    auto worker = process();
    started(*worker);
    record(worker->work, worker->scope, {failed_try(take(*worker).at(0), "503")});
    advance(Millis{1'000});
    pull(*worker, 5);
    settle(worker->work, worker->scope, "");
    advance(std::chrono::hours{48});
    EXPECT_EQ(prune(db, Scope{.schema = "pagehaul", .pipeline = "p", .worker = ""}, std::chrono::days{1}, 10),
              1);
    EXPECT_EQ(causes(), "");
}

TEST_F(History, AnUpgradeCountsWhatIsThereAndLooksAtEveryOpenSlice) {
    auto worker = process();
    started(*worker, "k", {"a", "b"});
    const auto claims = take(*worker);
    commit(*worker, {page(claims.at(0), 10, 35)});
    take(*worker, 1);
    const std::string before = sums();
    ASSERT_THAT(before, ::testing::HasSubstr("open 2 told 35 pending 2 leased 2 done 1 fetched 10"));
    to_version_three();
    EXPECT_EQ(migrate(db, "pagehaul"), (std::vector<int>{4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}));
    EXPECT_EQ(sums(), before);
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.slice_due"), "2");
}

TEST_F(History, AnUpgradeKeepsTheKeysOfARunThatGoesOn) {
    auto worker = process();
    started(*worker);
    PageResult one = page(take(*worker).at(0), 3, 30);
    one.key_hashes = {std::numeric_limits<std::int64_t>::min(), -1, 258};
    commit(*worker, {one});
    to_version_three();
    ASSERT_EQ(ask("SELECT keys FROM pagehaul.page_keys"), "{-9223372036854775808,-1,258}");
    migrate(db, "pagehaul");
    EXPECT_EQ(ask("SELECT encode(keys, 'hex') FROM pagehaul.page_keys"),
              "8000000000000000ffffffffffffffff0000000000000102");
}

TEST_F(History, ALedgerOfTheFirstVersionIsUpgradedWithItsPages) {
    auto worker = process();
    started(*worker);
    pull(*worker, 25);
    to_version_three();
    db.exec(
        "DROP TABLE pagehaul.setback; DELETE FROM pagehaul.schema_version WHERE version > 1;"
        "ALTER TABLE pagehaul.page DROP COLUMN done_at, DROP COLUMN fetch_ms, DROP COLUMN setbacks;"
        "ALTER TABLE pagehaul.run DROP COLUMN target");
    EXPECT_EQ(migrate(db, "pagehaul"),
              (std::vector<int>{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}));
    EXPECT_EQ(ask("SELECT count(*) || ' ' || count(fetch_ms) || ' ' || sum(setbacks) FROM pagehaul.page"),
              "4 0 0");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
