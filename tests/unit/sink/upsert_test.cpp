#include <gtest/gtest.h>

#include "sink/target.h"
#include "sink/upsert.h"
#include "throwaway_postgres.h"

namespace pagehaul::sink {
namespace {

using config::ColumnType;
using pagehaul::testing::PostgresTest;

config::Sink sink_of(std::vector<config::Column> columns, std::vector<std::string> key) {
    config::Sink sink;
    sink.schema = "Report's";
    sink.table = "creative \"x\"";
    sink.columns = std::move(columns);
    sink.key = std::move(key);
    return sink;
}

config::Column column(std::string name, ColumnType type) {
    config::Column made;
    made.name = std::move(name);
    made.type = type;
    return made;
}

const config::Sink creative = sink_of(
    {column("id", ColumnType::bigint), column("date", ColumnType::date), column("name", ColumnType::text),
     column("fee", ColumnType::numeric), column("raw", ColumnType::jsonb)},
    {"date", "id"});
const std::string creative_table = R"("Report's"."creative ""x""")";

class UpsertTest : public PostgresTest {
  protected:
    /// One commit of staged lines. @return rows inserted or changed
    static std::int64_t commit(postgres::Connection& connection, const Upsert& upsert, std::string_view lines,
                               bool may_repeat = false) {
        connection.begin();
        upsert.stage(connection, {lines});
        const std::int64_t changed = upsert.merge(connection, {.repeats = may_repeat});
        connection.commit();
        return changed;
    }
    static std::string dump(postgres::Connection& connection) {
        return connection
            .exec("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t.id), '') FROM " + creative_table + " t")
            .text(0, 0);
    }
};

TEST_F(UpsertTest, NewRowsAreInsertedChangedRowsUpdatedAndEqualRowsLeftAlone) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\ta\t1.5\t{}\n1\t2\t2026-10-01\tb\t2\t\\N\n"), 2);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\ta\t1.50\t{ }\n1\t2\t2026-10-01\tB\t2\t\\N\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\ta\t1.5\t{}\n1\t3\t2026-10-01\tc\t\\N\t[1]\n"), 1);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,a,1.5,{}) (2,2026-10-01,B,2,) (3,2026-10-01,c,,[1])");
}

TEST_F(UpsertTest, EqualRowsAreNeitherRewrittenNorLocked) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    const std::string where =
        "SELECT string_agg(ctid::text || xmin || ' ' || xmax, ' ') FROM " + creative_table;
    const std::string_view lines = "0\t1\t2026-10-01\ta\t1.5\t{}\n1\t2\t2026-10-01\tb\t\\N\t\\N\n";
    commit(connection, upsert, lines);
    const std::string before = connection.exec(where).text(0, 0);
    EXPECT_EQ(commit(connection, upsert, lines), 0);
    EXPECT_EQ(commit(connection, upsert, lines, true), 0);
    EXPECT_EQ(connection.exec(where).text(0, 0), before);
}

TEST_F(UpsertTest, EachKeyIsLookedUpByTheIndexInPartitionsToo) {
    auto connection = connect();
    connection.exec(
        R"(CREATE SCHEMA "Report's"; CREATE TABLE )" + creative_table +
        " (id bigint, date date, name text, fee numeric, raw jsonb, PRIMARY KEY (date, id)) PARTITION BY "
        "RANGE (date)");
    connection.exec("CREATE TABLE past PARTITION OF " + creative_table +
                    " FOR VALUES FROM ('2026-01-01') TO ('2026-10-01');"
                    "CREATE TABLE later PARTITION OF " +
                    creative_table +
                    " FOR VALUES FROM ('2026-10-01') TO ('2027-01-01');"
                    "INSERT INTO " +
                    creative_table +
                    " SELECT i, date '2026-09-30' + i % 2, 'a', 1, '{}' FROM generate_series(1, 40000) i");
    const Upsert upsert(creative);
    std::string lines;
    for (int i = 1; i <= 3000; ++i)
        lines += std::to_string(i) + "\t" + std::to_string(i) +
                 (i % 2 == 0 ? "\t2026-09-30\t" : "\t2026-10-01\t") + (i == 7 ? "changed" : "a") +
                 "\t1.0\t{}\n";
    const auto whole_reads = [&] {
        return connection
            .exec("SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname IN ('past', 'later')")
            .integer(0, 0);
    };
    connection.begin();
    const std::int64_t before = whole_reads();
    upsert.stage(connection, {lines});
    EXPECT_EQ(upsert.merge(connection, {}), 1);
    EXPECT_EQ(whole_reads(), before);
    connection.commit();
}

TEST_F(UpsertTest, PlainCopyStoresNewRowsOrNothingAndEndsTheTransaction) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    connection.begin();
    EXPECT_TRUE(upsert.insert_new(connection, {"0\t1\t2026-10-01\ta\t1\t{}\n"}));
    connection.commit();
    connection.begin();
    EXPECT_FALSE(
        upsert.insert_new(connection, {"0\t2\t2026-10-01\tb\t1\t{}\n", "1\t1\t2026-10-01\tb\t1\t{}\n"}));
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(dump(connection), "(1,2026-10-01,a,1,{})");
}

TEST_F(UpsertTest, WhereKnownRowsAreExpectedNewOnesAreStoredToo) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    connection.begin();
    upsert.stage(connection, {"0\t1\t2026-10-01\ta\t1\t{}\n1\t1\t2026-10-01\tb\t1\t{}\n"});
    EXPECT_EQ(upsert.merge(connection, {.repeats = true, .known = true}), 1);
    connection.commit();
    connection.begin();
    upsert.stage(connection, {"0\t1\t2026-10-01\tb\t1\t{}\n1\t2\t2026-10-01\tc\t1\t{}\n"}, true);
    EXPECT_EQ(upsert.merge(connection, {.known = true}), 1);
    connection.commit();
    EXPECT_EQ(dump(connection), "(1,2026-10-01,b,1,{}) (2,2026-10-01,c,1,{})");
}

TEST_F(UpsertTest, AKeyThatTheSampleMissesIsMergedAllTheSame) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    commit(connection, upsert, "0\t5\t2026-10-01\told\t1\t{}\n");
    // Position 5 is not among the rows that are looked up first: the plain insertion meets its key.
    EXPECT_EQ(commit(connection, upsert, "0\t4\t2026-10-01\tx\t1\t{}\n5\t5\t2026-10-01\tnew\t1\t{}\n"), 2);
    EXPECT_EQ(dump(connection), "(4,2026-10-01,x,1,{}) (5,2026-10-01,new,1,{})");
}

TEST_F(UpsertTest, OfRepeatedKeysTheLaterPositionWinsWhetherTheKeyIsNewOrNot) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    const std::string_view lines =
        "1048576\t1\t2026-10-01\tpage 1\t1\t{}\n3\t1\t2026-10-01\trow 3\t1\t{}\n2\t1\t2026-10-01\trow "
        "2\t1\t{}\n";
    EXPECT_EQ(commit(connection, upsert, lines, true), 1);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,\"page 1\",1,{})");
    EXPECT_EQ(
        commit(connection, upsert, "0\t1\t2026-10-01\told\t1\t{}\n9\t1\t2026-10-01\tnew\t1\t{}\n", true), 1);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,new,1,{})");
}

TEST_F(UpsertTest, ARepeatedKeyIsComparedByItsLastRowAlone) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    commit(connection, upsert, "0\t1\t2026-10-01\tstored\t1\t{}\n");
    EXPECT_EQ(commit(connection, upsert,
                     "0\t1\t2026-10-01\tpassing\t1\t{}\n1\t1\t2026-10-01\tstored\t1\t{}\n", true),
              0);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,stored,1,{})");
    EXPECT_EQ(
        commit(connection, upsert, "0\t1\t2026-10-01\tstored\t1\t{}\n1\t1\t2026-10-01\tlast\t1\t{}\n", true),
        1);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,last,1,{})");
}

TEST_F(UpsertTest, WhatAnotherWriterStoresMeanwhileIsComparedOnceMore) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    commit(connection, upsert, "0\t1\t2026-10-01\told\t1\t{}\n1\t2\t2026-10-01\told\t1\t{}\n");
    auto other = connect();
    other.begin("UPDATE " + creative_table + " SET name = 'new' WHERE id = 1");
    auto watch = connect();
    const int backend = connection.backend_pid();
    std::thread let_go([&] {
        while (watch
                   .exec("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = " +
                         std::to_string(backend))
                   .integer(0, 0) == 0)
            std::this_thread::yield();
        other.commit();
    });
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\tnew\t1\t{}\n1\t2\t2026-10-01\tnew\t1\t{}\n"), 1);
    let_go.join();
    EXPECT_EQ(dump(connection), "(1,2026-10-01,new,1,{}) (2,2026-10-01,new,1,{})");
}

TEST_F(UpsertTest, StagingIsEmptyAgainAfterACommitAndAfterARollback) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    connection.begin();
    upsert.stage(connection, {"0\t7\t2026-10-01\ta\t1\t{}\n"});
    upsert.merge(connection, {});
    connection.rollback();
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\ta\t1\t{}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t2\t2026-10-01\ta\t1\t{}\n"), 1);
    EXPECT_EQ(dump(connection), "(1,2026-10-01,a,1,{}) (2,2026-10-01,a,1,{})");
    EXPECT_EQ(commit(connection, upsert, ""), 0);
}

TEST_F(UpsertTest, StagingAgainWithinATransactionCountsOnlyTheNewRowsClearedOrNot) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    for (const bool clear : {false, true}) {
        connection.begin();
        upsert.stage(connection, {"0\t1\t2026-10-01\ta\t1\t{}\n"});
        EXPECT_EQ(upsert.merge(connection, {}), 1);
        if (clear) upsert.clear(connection);
        upsert.stage(connection, {"1\t2\t2026-10-01\ta\t1\t{}\n"});
        EXPECT_EQ(upsert.merge(connection, {}), 1);
        connection.exec("TRUNCATE " + creative_table);
        connection.commit();
    }
}

TEST_F(UpsertTest, ASavepointOfTheCallerSurvivesTheMerge) {
    auto connection = connect();
    ensure_target(connection, creative);
    const Upsert upsert(creative);
    connection.begin("SAVEPOINT page");
    upsert.stage(connection, {"0\t1\t2026-10-01\ta\t1\t{}\n"});
    EXPECT_EQ(upsert.merge(connection, {}), 1);
    connection.exec("ROLLBACK TO SAVEPOINT page");
    upsert.stage(connection, {"0\t2\t2026-10-01\ta\t1\t{}\n"});
    EXPECT_EQ(upsert.merge(connection, {}), 1);
    connection.exec("RELEASE SAVEPOINT page");
    connection.commit();
    EXPECT_EQ(dump(connection), "(2,2026-10-01,a,1,{})");
}

TEST_F(UpsertTest, BehindPgbouncerTheStagingTableLivesForOneTransaction) {
    auto connection = connect();
    config::Sink pooled = creative;
    pooled.pgbouncer = true;
    ensure_target(connection, pooled);
    const Upsert upsert(pooled);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\ta\t1\t{}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t2026-10-01\tb\t1\t{}\n"), 1);
    EXPECT_EQ(
        connection.exec("SELECT count(*) FROM pg_class WHERE relname = 'pagehaul_staging'").integer(0, 0), 0);
}

TEST_F(UpsertTest, ATableOfKeyColumnsOnlyIgnoresRowsThatAreThere) {
    auto connection = connect();
    const config::Sink keys = sink_of({column("id", ColumnType::bigint)}, {"id"});
    ensure_target(connection, keys);
    const Upsert upsert(keys);
    EXPECT_EQ(commit(connection, upsert, "0\t1\n1\t2\n"), 2);
    EXPECT_EQ(commit(connection, upsert, "0\t1\n1\t2\n2\t3\n"), 1);
}

TEST_F(UpsertTest, AColumnMayHaveTheNameOfThePosition) {
    auto connection = connect();
    const config::Sink odd =
        sink_of({column("id", ColumnType::bigint), column("_pos", ColumnType::text)}, {"id"});
    ensure_target(connection, odd);
    const Upsert upsert(odd);
    EXPECT_EQ(commit(connection, upsert, "0\t1\tx\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\ty\n"), 1);
}

TEST_F(UpsertTest, AChangeThatTheColumnsOwnEqualityHidesIsStored) {
    auto connection = connect();
    connection.exec(
        R"(CREATE SCHEMA "Report's"; CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1',
                       deterministic = false);
                       CREATE TABLE )" +
        creative_table + " (id bigint PRIMARY KEY, name text COLLATE blind, raw json)");
    const config::Sink sink = sink_of({column("id", ColumnType::bigint), column("name", ColumnType::text),
                                       column("raw", ColumnType::jsonb)},
                                      {"id"});
    ensure_target(connection, sink);
    const Upsert upsert(sink);
    EXPECT_EQ(commit(connection, upsert, "0\t1\tabc\t{\"a\":1}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\tABC\t{\"a\":1}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\tABC\t{\"a\":2}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\tABC\t{\"a\": 2}\n"), 0);
}

TEST_F(UpsertTest, ArraysAreComparedElementByElement) {
    auto connection = connect();
    config::Column words = column("words", ColumnType::text);
    words.array = true;
    const config::Sink sink = sink_of({column("id", ColumnType::bigint), words}, {"id"});
    ensure_target(connection, sink);
    const Upsert upsert(sink);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t{\"a\",NULL}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t{a,NULL}\n"), 0);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t{\"A\",NULL}\n"), 1);
    EXPECT_EQ(commit(connection, upsert, "0\t1\t{\"A\",\"NULL\"}\n"), 1);
}

TEST_F(UpsertTest, ThatAnotherRunBringsARowIsNoChangeOfIt) {
    auto connection = connect();
    config::Column run = column("run", ColumnType::bigint);
    run.of_run = true;
    const config::Sink sink =
        sink_of({column("id", ColumnType::bigint), column("name", ColumnType::text), run}, {"id"});
    ensure_target(connection, sink);
    const Upsert upsert(sink);
    EXPECT_EQ(commit(connection, upsert, "0\t1\ta\t7\n0\t2\tb\t7\n"), 2);
    EXPECT_EQ(commit(connection, upsert, "0\t1\ta\t8\n0\t2\tc\t8\n"), 1);
    EXPECT_EQ(dump(connection), "(1,a,7) (2,c,8)");
}

TEST_F(UpsertTest, AnotherUniqueIndexOfTheTableIsReportedAsItIs) {
    auto connection = connect();
    ensure_target(connection, creative);
    connection.exec("CREATE UNIQUE INDEX one_name ON " + creative_table + " (name)");
    const Upsert upsert(creative);
    commit(connection, upsert, "0\t1\t2026-10-01\ta\t1\t{}\n");
    try {
        commit(connection, upsert, "0\t2\t2026-10-01\ta\t1\t{}\n");
        FAIL() << "expected 23505";
    } catch (const postgres::SqlError& error) {
        EXPECT_EQ(error.sqlstate(), "23505");
        EXPECT_NE(error.error().message.find("one_name"), std::string::npos);
    }
}

TEST_F(UpsertTest, AValueThatDoesNotSuitTheTablesTypeIsADataErrorOfTheCopy) {
    auto connection = connect();
    connection.exec("CREATE SCHEMA \"Report's\"; CREATE TABLE " + creative_table +
                    " (id bigint PRIMARY KEY, name varchar(3))");
    const config::Sink sink =
        sink_of({column("id", ColumnType::bigint), column("name", ColumnType::text)}, {"id"});
    ensure_target(connection, sink);
    const Upsert upsert(sink);
    try {
        commit(connection, upsert, "0\t1\tabcd\n");
        FAIL() << "expected 22001";
    } catch (const postgres::SqlError& error) {
        EXPECT_EQ(error.sqlstate(), "22001");
        EXPECT_TRUE(error.is_data());
    }
}

TEST_F(UpsertTest, TwoWritersOfTheSameKeysInOppositeOrderDoNotDeadlock) {
    auto setup = connect();
    ensure_target(setup, creative);
    const Upsert upsert(creative);
    // Each round changes every row, so that both writers lock all of them.
    const auto write = [&](bool down) {
        auto connection = connect();
        for (int round = 0; round < 10; ++round) {
            std::string lines;
            for (int i = 0; i < 500; ++i)
                lines += std::to_string(i) + "\t" + std::to_string(down ? 499 - i : i) + "\t2026-10-01\t" +
                         (down ? "down" : "up") + std::to_string(round) + "\t1\t{}\n";
            commit(connection, upsert, lines);
        }
    };
    std::string failure;
    std::thread other([&] {
        try {
            write(true);
        } catch (const std::exception& error) {
            failure = error.what();
        }
    });
    EXPECT_NO_THROW(write(false));
    other.join();
    EXPECT_EQ(failure, "");
}

}  // namespace
}  // namespace pagehaul::sink
