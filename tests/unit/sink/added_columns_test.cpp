#include "sink/added_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/page.h"
#include "sink/target.h"
#include "sink/upsert.h"
#include "throwaway_postgres.h"

namespace pagehaul::sink {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Sink growing_table() {
    config::Sink sink;
    sink.table = "t";
    sink.key = {"id"};
    sink.undeclared = config::Undeclared::add_column;
    config::Column id;
    id.name = "id";
    id.type = config::ColumnType::bigint;
    sink.columns = {id};
    return sink;
}

class AddedColumnsTest : public testing::PostgresTest {
  protected:
    AddedColumnsTest() : connection(connect()) { ensure_target(connection, sink); }

    std::int64_t merge(const std::vector<std::string>& added, const std::string& lines,
                       bool repeats = false) {
        const Upsert upsert(sink, false, 1, added);
        connection.begin();
        upsert.stage(connection, {lines});
        const auto changed = upsert.merge(connection, {.repeats = repeats});
        connection.commit();
        return changed;
    }
    std::string dump() {
        return connection.exec("SELECT coalesce(string_agg(to_jsonb(t)::text, ' ' ORDER BY id), '') FROM t")
            .text(0, 0);
    }
    std::string refusal(const std::vector<std::string>& fields) {
        try {
            add_columns(connection, sink, fields);
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.error().kind, ErrorKind::config);
            return failure.error().text();
        }
        return "";
    }

    config::Sink sink = growing_table();
    postgres::Connection connection;
};

TEST_F(AddedColumnsTest, AreMadeOnceAndKnownToAll) {
    auto other = connect();
    EXPECT_THAT(add_columns(connection, sink, {"a", "B \"x"}).now, ElementsAre("a", "B \"x"));
    const AddedColumns seen = add_columns(other, sink, {"c", "a"});
    EXPECT_THAT(seen.now, ElementsAre("c"));
    EXPECT_THAT(seen.all, ElementsAre("a", "B \"x", "c"));
    EXPECT_THAT(added_columns(connection, sink), ElementsAre("a", "B \"x", "c"));
}

TEST_F(AddedColumnsTest, TakeWhatRowsHaveOfThem) {
    add_columns(connection, sink, {"a", "b"});
    EXPECT_EQ(merge({"a", "b"}, "0\t1\t\\N\n1\t2\t{\"a\": \"x\", \"other\": 1}\n"), 2);
    EXPECT_EQ(dump(), R"({"a": null, "b": null, "id": 1} {"a": "x", "b": null, "id": 2})");
    EXPECT_EQ(merge({"a", "b"}, "0\t1\t\\N\n1\t2\t{\"a\": \"x\"}\n"), 0) << "equal rows are left alone";
    EXPECT_EQ(merge({"a", "b"}, "0\t1\t{\"b\": [1]}\n1\t2\t\\N\n2\t2\t{\"a\": 2}\n", true), 2);
    EXPECT_EQ(dump(), R"({"a": null, "b": [1], "id": 1} {"a": 2, "b": null, "id": 2})");
}

TEST_F(AddedColumnsTest, NeverTakeThePlaceOfWhatIsSomebodysOwn) {
    connection.exec("ALTER TABLE t ADD COLUMN note jsonb");
    EXPECT_THAT(refusal({"note"}), HasSubstr("declare it in sink.columns"));
    EXPECT_THAT(refusal({"id"}), HasSubstr("the column of that name reads something else"));
    add_columns(connection, sink, {"a"});
    connection.exec("ALTER TABLE t ALTER COLUMN a TYPE text");
    EXPECT_THAT(refusal({"a"}), HasSubstr("declare it in sink.columns"));
    EXPECT_THAT(added_columns(connection, sink), IsEmpty());
}

TEST_F(AddedColumnsTest, ThatAreDeclaredByNowAreTheConfigsOwn) {
    add_columns(connection, sink, {"a"});
    sink = with_columns(sink, {"a"});
    EXPECT_THAT(added_columns(connection, sink), IsEmpty());
}

TEST_F(AddedColumnsTest, AreSoManyAtMost) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < record::kMostAddedColumns; ++i)
        names.push_back("c" + std::to_string(i));
    add_columns(connection, sink, names);
    EXPECT_THAT(refusal({"one_more"}), HasSubstr("are their names data?"));
    EXPECT_EQ(added_columns(connection, sink).size(), record::kMostAddedColumns);
}

TEST_F(AddedColumnsTest, WhatTheDatabaseRefusesIsToldWithItsStatement) {
    EXPECT_THAT(refusal({"ctid"}), HasSubstr("ADD COLUMN \"ctid\" pg_catalog.jsonb: "));
}

TEST_F(AddedColumnsTest, WaitForReadersOnlyForAWhile) {
    auto reader = connect();
    reader.begin("SELECT * FROM t");
    try {
        add_columns(connection, sink, {"a"});
        FAIL() << "it did not wait";
    } catch (const postgres::SqlError& error) {
        EXPECT_EQ(error.error().kind, ErrorKind::transient);
    }
    reader.rollback();
    EXPECT_THAT(add_columns(connection, sink, {"a"}).now, ElementsAre("a"));
}

}  // namespace
}  // namespace pagehaul::sink
