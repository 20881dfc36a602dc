#include <gtest/gtest.h>

#include "sink/staging.h"
#include "sink/target.h"
#include "sink/upsert.h"
#include "sink/vanished.h"
#include "throwaway_postgres.h"

namespace pagehaul::sink {
namespace {

using config::ColumnType;
using pagehaul::testing::PostgresTest;

config::Column of_type(std::string name, ColumnType type) {
    config::Column made;
    made.name = std::move(name);
    made.type = type;
    return made;
}

/// Without a key, and with a column that is named like one of the staging table's own.
config::Sink rows_of_parts() {
    config::Sink sink;
    sink.table = "t";
    sink.mode = config::Mode::replace_slice;
    sink.columns = {of_type("part", ColumnType::text), of_type("_pos", ColumnType::bigint)};
    return sink;
}

std::vector<record::SliceField> part(std::optional<std::string> name) {
    return {{"part", std::move(name)}};
}

class StagingTest : public PostgresTest {
  protected:
    StagingTest() : connection(connect()) {
        ensure_target(connection, sink);
        staging.ensure(connection);
        staging.ensure(connection);
    }
    void stage(Pass pass, std::string_view lines) {
        connection.begin();
        staging.stage(connection, pass, {lines});
        connection.commit();
    }
    std::string dump() {
        return connection.exec("SELECT coalesce(string_agg(t::text, ' ' ORDER BY part, _pos), '') FROM t")
            .text(0, 0);
    }

    config::Sink sink = rows_of_parts();
    postgres::Connection connection;
    const Staging staging{sink, "staging"};
};

TEST_F(StagingTest, RowsOfAPassGoIntoTheTargetTogether) {
    stage({.slice = 1, .pass = 1}, "0\ta\t1\n1\ta\t2\n");
    stage({.slice = 1, .pass = 2}, "0\ta\t3\n");
    stage({.slice = 1, .pass = 2}, "1048576\ta\t4\n");
    stage({.slice = 2, .pass = 2}, "0\tb\t5\n");
    EXPECT_EQ(staging.count(connection, {.slice = 1, .pass = 2}), 2);
    EXPECT_EQ(staging.insert(connection, {.slice = 1, .pass = 2}), 2);
    EXPECT_EQ(dump(), "(a,3) (a,4)");
}

TEST_F(StagingTest, ASlicesRowsAreThoseWithItsValues) {
    connection.exec("INSERT INTO t VALUES ('a', 1), ('a''b', 2), (NULL, 3)");
    EXPECT_TRUE(staging.has_rows(connection, part("a'b")));
    EXPECT_FALSE(staging.has_rows(connection, part("b")));
    EXPECT_EQ(staging.remove(connection, part("a'b")), 1);
    EXPECT_EQ(staging.remove(connection, part(std::nullopt)), 1);
    EXPECT_EQ(dump(), "(a,1)");
    EXPECT_EQ(staging.remove(connection, {}), 1) << "without slices all rows are";
}

TEST_F(StagingTest, WhatDoesNotFitTheTargetFailsWithItsPage) {
    connection.begin();
    EXPECT_THROW(staging.stage(connection, {}, {"0\ta\tx\n"}), postgres::SqlError);
    connection.rollback();
}

TEST_F(StagingTest, SurvivesACrashOfTheServer) {
    EXPECT_EQ(connection.exec("SELECT relpersistence FROM pg_class WHERE relname = 'staging'").text(0, 0),
              "p");
}

class VersionTest : public PostgresTest {
  protected:
    static config::Sink versioned() {
        config::Sink sink;
        sink.table = "t";
        sink.key = {"id"};
        sink.version = "v";
        sink.columns = {of_type("id", ColumnType::bigint), of_type("v", ColumnType::bigint),
                        of_type("note", ColumnType::text)};
        return sink;
    }
    VersionTest() : connection(connect()) { ensure_target(connection, sink); }
    std::int64_t commit(std::string_view lines, bool repeats = false) {
        connection.begin();
        upsert.stage(connection, {lines});
        const std::int64_t changed = upsert.merge(connection, {.repeats = repeats});
        connection.commit();
        return changed;
    }
    std::string dump() {
        return connection.exec("SELECT string_agg(t::text, ' ' ORDER BY id) FROM t").text(0, 0);
    }

    config::Sink sink = versioned();
    postgres::Connection connection;
    const Upsert upsert{sink};
};

TEST_F(VersionTest, AnOlderRowOverwritesNoNewerOne) {
    commit("0\t1\t5\tfive\n1\t2\t\\N\tnone\n2\t3\t5\tfive\n3\t4\t5\tfive\n");
    EXPECT_EQ(commit("0\t1\t4\tfour\n1\t2\t1\tone\n2\t3\t5\tFIVE\n3\t4\t\\N\tnone\n"), 2);
    EXPECT_EQ(dump(), "(1,5,five) (2,1,one) (3,5,FIVE) (4,5,five)");
}

TEST_F(VersionTest, OfOneCommitTheNewestWins) {
    commit("0\t1\t5\tfive\n1\t1\t6\tsix\n2\t1\t4\tfour\n", true);
    EXPECT_EQ(dump(), "(1,6,six)");
    commit("0\t1\t7\ta\n1\t1\t7\tb\n2\t1\t\\N\tc\n", true);
    EXPECT_EQ(dump(), "(1,7,b)") << "of equal versions the later row";
}

class VanishedTest : public PostgresTest {
  protected:
    static config::Sink parted(config::Vanished vanished) {
        config::Sink sink;
        sink.table = "t";
        sink.key = {"part", "id"};
        sink.vanished = vanished;
        sink.columns = {of_type("part", ColumnType::text), of_type("id", ColumnType::bigint)};
        return sink;
    }
    /// Those of part a with an id that is in `ids`.
    static std::vector<RowPlace> find(postgres::Connection& connection, const VanishedRows& rows,
                                      const std::vector<std::string>& ids) {
        std::vector<RowPlace> found;
        rows.read(connection, part("a"), {"part", "id"}, [&](RowPlace row, const auto& key) {
            EXPECT_EQ(key[0], "a");
            if (std::find(ids.begin(), ids.end(), key[1]) != ids.end()) found.push_back(std::move(row));
        });
        return found;
    }
};

TEST_F(VanishedTest, RowsOfTheSliceAreDeletedInPartitionsToo) {
    auto connection = connect();
    connection.exec(
        "CREATE TABLE t (part text, id bigint, PRIMARY KEY (part, id)) PARTITION BY RANGE (id);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (3000);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (3000) TO (9000);"
        "INSERT INTO t SELECT p, i FROM generate_series(0, 5999) i, unnest('{a,b}'::text[]) p");
    const VanishedRows rows(parted(config::Vanished::remove));
    connection.begin();
    const auto found = find(connection, rows, {"7", "3007"});
    EXPECT_EQ(rows.remove(connection, found), 2);
    connection.commit();
    EXPECT_EQ(connection.exec("SELECT count(*) FROM t WHERE id IN (7, 3007)").integer(0, 0), 2) << "of b";
    EXPECT_EQ(connection.exec("SELECT count(*) FROM t").integer(0, 0), 11998);
}

TEST_F(VanishedTest, AMarkedRowIsNotReadAgainAndLosesItsMarkWhenItReturns) {
    auto connection = connect();
    const auto sink = parted(config::Vanished::mark);
    ensure_target(connection, sink);
    connection.exec("INSERT INTO t VALUES ('a', 1), ('a', 2)");
    const VanishedRows rows(sink);
    const auto marked = [&] {
        return connection.exec("SELECT count(*) FROM t WHERE deleted_at IS NOT NULL").integer(0, 0);
    };
    connection.begin();
    EXPECT_EQ(rows.remove(connection, find(connection, rows, {"1"})), 1);
    connection.commit();
    EXPECT_EQ(marked(), 1);
    connection.begin();
    EXPECT_TRUE(find(connection, rows, {"1"}).empty());
    const Upsert upsert(sink);
    upsert.stage(connection, {"0\ta\t1\n1\ta\t2\n"});
    EXPECT_EQ(upsert.merge(connection, {.known = true}), 1);
    connection.commit();
    EXPECT_EQ(marked(), 0);
}

}  // namespace
}  // namespace pagehaul::sink
