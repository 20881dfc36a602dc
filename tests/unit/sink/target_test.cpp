#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/ddl.h"
#include "sink/target.h"
#include "throwaway_postgres.h"

namespace pagehaul::sink {
namespace {

using config::ColumnType;
using pagehaul::testing::PostgresTest;
using pagehaul::testing::ThrowawayPostgres;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Sink target(std::string schema = "public") {
    config::Sink sink;
    sink.schema = std::move(schema);
    sink.table = "t";
    sink.key = {"id", "code"};
    const auto add = [&](const char* name, ColumnType type) {
        config::Column column;
        column.name = name;
        column.type = type;
        sink.columns.push_back(column);
    };
    add("id", ColumnType::bigint);
    add("code", ColumnType::text);
    add("fee", ColumnType::numeric);
    return sink;
}

class TargetTest : public PostgresTest {
  protected:
    postgres::Connection connection_ = connect();

    std::vector<std::string> misfits_of(const config::Sink& sink) {
        return check_target(connection_, sink).misfits;
    }
    std::vector<std::string> check(const std::string& sql) {
        connection_.exec("DROP TABLE IF EXISTS t");
        connection_.exec(sql);
        return misfits_of(target());
    }
    std::string failure_of_ensure(const config::Sink& sink = target()) {
        try {
            ensure_target(connection_, sink);
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.error().kind, ErrorKind::config);
            return failure.what();
        }
        return "";
    }
};

TEST_F(TargetTest, SchemaTableAndKeyAreCreatedOnceAndFitAfterwards) {
    const config::Sink sink = target("new schema");
    EXPECT_THAT(misfits_of(sink), IsEmpty());
    ensure_target(connection_, sink);
    ensure_target(connection_, sink);
    EXPECT_THAT(misfits_of(sink), IsEmpty());
    EXPECT_FALSE(connection_.in_transaction());
    const auto columns = connection_.exec(
        "SELECT string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', ' ORDER BY "
        "ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'new schema'");
    EXPECT_EQ(columns.text(0, 0), "id bigint NO, code text NO, fee numeric YES");
}

TEST_F(TargetTest, ManyMayCreateTheTargetAtOnce) {
    std::vector<std::string> failures(4);
    {
        std::vector<std::jthread> threads;
        for (std::string& failure : failures)
            threads.emplace_back([&] {
                try {
                    auto connection = connect();
                    ensure_target(connection, target("shared"));
                } catch (const std::exception& error) {
                    failure = error.what();
                }
            });
    }
    EXPECT_THAT(failures, ElementsAre("", "", "", ""));
}

TEST_F(TargetTest, ATableMadeByHandFromTheSameStatementFits) {
    const config::Sink sink = target("made by hand");
    connection_.exec(create_schema_sql(sink) + "; " + create_table_sql(sink));
    EXPECT_THAT(misfits_of(sink), IsEmpty());
    ensure_target(connection_, sink);
}

TEST_F(TargetTest, ATableThatLostItsRowsByDdlIsAnotherOne) {
    const auto identity = [&] { return target_identity(connection_, target()); };
    check("CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric, PRIMARY KEY (id, code))");
    const auto first = identity();
    ASSERT_EQ(first.size(), 1U);
    connection_.exec("INSERT INTO t VALUES (1, 'a'); DELETE FROM t; ALTER TABLE t ADD COLUMN note text");
    EXPECT_EQ(identity(), first);
    connection_.exec("TRUNCATE t");
    const auto truncated = identity();
    EXPECT_NE(truncated, first);
    check("CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric, PRIMARY KEY (id, code))");
    EXPECT_NE(identity(), truncated);
}

TEST_F(TargetTest, APartitionedTableIsTheSumOfItsPartitions) {
    check(
        "CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric, PRIMARY KEY (id, code)) "
        "PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)");
    const auto before = target_identity(connection_, target());
    ASSERT_EQ(before.size(), 3U);
    connection_.exec("TRUNCATE t2");
    const auto after = target_identity(connection_, target());
    EXPECT_EQ(after[1], before[1]);
    EXPECT_NE(after[2], before[2]);
}

config::Sink with_ddl() {
    config::Sink sink = target();
    sink.ddl = config::Ddl::allow;
    return sink;
}

TEST_F(TargetTest, ATableThatExistsIsNotAlteredUnlessTheConfigAllowsIt) {
    EXPECT_THAT(
        check("CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric);"
              "CREATE UNIQUE INDEX living ON t (id, code) WHERE fee > 0"),
        ElementsAre("sink.key: \"public\".\"t\" has no unique index on exactly (\"id\", \"code\"); living "
                    "does not serve: it is partial: CREATE UNIQUE INDEX ON \"public\".\"t\" (\"id\", "
                    "\"code\"), or set sink.ddl: allow to have it made"));
    EXPECT_THAT(failure_of_ensure(), HasSubstr("sink.ddl: allow"));
    const auto indexes = [&] {
        return connection_.exec("SELECT count(*) FROM pg_indexes WHERE tablename = 't'").integer(0, 0);
    };
    EXPECT_EQ(indexes(), 1);
    const TargetCheck allowed = check_target(connection_, with_ddl());
    EXPECT_THAT(allowed.misfits, IsEmpty());
    EXPECT_THAT(allowed.ddl, ElementsAre("CREATE UNIQUE INDEX ON \"public\".\"t\" (\"id\", \"code\")"));
    ensure_target(connection_, with_ddl());
    EXPECT_EQ(indexes(), 2);
    EXPECT_THAT(check_target(connection_, with_ddl()).ddl, IsEmpty());
}

TEST_F(TargetTest, WhatWouldBeMadeIsToldAsTheStatementsThatMakeIt) {
    const config::Sink sink = target("not there");
    EXPECT_THAT(check_target(connection_, sink).ddl,
                ElementsAre(create_schema_sql(sink), create_table_sql(sink)));
    EXPECT_THAT(check_target(connection_, target()).ddl, ElementsAre(create_table_sql(target())));
}

TEST_F(TargetTest, ATableWhoseNameDiffersInCaseIsNamedAndNoneIsMadeBesideIt) {
    connection_.exec(
        "CREATE TABLE \"T\" (id bigint); CREATE SCHEMA \"Sales\"; CREATE TABLE \"Sales\".t (id bigint)");
    EXPECT_THAT(
        misfits_of(target()),
        ElementsAre("sink.table: \"public\".\"t\" does not exist, and public.\"T\", which differs in case "
                    "alone, does: write it as it is, table: \"public.T\", or set sink.ddl: allow to make "
                    "another one"));
    EXPECT_THAT(misfits_of(target("sales")), ElementsAre(HasSubstr("and \"Sales\".t, which")));
    EXPECT_THAT(failure_of_ensure(), HasSubstr("public.T"));
    EXPECT_TRUE(
        connection_.exec("SELECT 1 FROM pg_tables WHERE tablename = 't' AND schemaname = 'public'").empty());
    ensure_target(connection_, with_ddl());
    EXPECT_THAT(misfits_of(target()), IsEmpty()) << "now both are there";
}

TEST_F(TargetTest, AnIndexThatCannotBeCreatedForRepeatedKeysSaysSo) {
    check(
        "CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric); INSERT INTO t VALUES (1,'a'), "
        "(1,'a')");
    EXPECT_THAT(failure_of_ensure(with_ddl()), HasSubstr("is sink.key complete?"));
}

TEST_F(TargetTest, MoreColumnsKeysInAnotherOrderAndWiderTypesFit) {
    EXPECT_THAT(check("CREATE DOMAIN money_of_ours AS numeric(12, 2) CHECK (value >= 0);"
                      "CREATE TABLE t (loaded timestamptz NOT NULL DEFAULT now(), n serial, note text, "
                      "code varchar, id numeric(20), fee money_of_ours, "
                      "twice numeric GENERATED ALWAYS AS (fee * 2) STORED, PRIMARY KEY (code, id))"),
                IsEmpty());
    EXPECT_EQ(failure_of_ensure(), "");
}

TEST_F(TargetTest, ArraysEnumsAndDomainsOverThemTakeWhatTheyAreMadeOf) {
    connection_.exec(
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN feeling AS mood CHECK (value <> 'bad');"
        "CREATE DOMAIN word AS text NOT NULL; CREATE DOMAIN many AS varchar(9)[]");
    const auto check_v = [&](ColumnType type, bool array, const std::string& sql_type) {
        connection_.exec("DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, v " + sql_type +
                         ")");
        config::Sink sink = target();
        sink.key = {"id"};
        sink.columns.pop_back();
        sink.columns[1].name = "v";
        sink.columns[1].type = type;
        sink.columns[1].array = array;
        return misfits_of(sink);
    };
    EXPECT_THAT(check_v(ColumnType::text, false, "mood"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::text, false, "feeling"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::text, true, "mood[]"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::text, true, "word[]"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::text, true, "many"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::bigint, true, "bigint[]"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::integer, true, "numeric(20)[]"), IsEmpty());
    EXPECT_THAT(check_v(ColumnType::bigint, true, "bigint"),
                ElementsAre("sink.columns[1] v: the table has bigint, the config says bigint[]"));
    EXPECT_THAT(check_v(ColumnType::bigint, false, "bigint[]"),
                ElementsAre("sink.columns[1] v: the table has bigint[], the config says bigint"));
    EXPECT_THAT(check_v(ColumnType::bigint, false, "mood"),
                ElementsAre("sink.columns[1] v: the table has mood, the config says bigint"));
    EXPECT_THAT(check_v(ColumnType::smallint, true, "int2vector"),
                ElementsAre("sink.columns[1] v: the table has int2vector, the config says smallint[]"));
}

TEST_F(TargetTest, AKeyColumnWhoseModifierRoundsOrCutsIsRefused) {
    const auto check_key = [&](ColumnType type, const std::string& sql_type) {
        config::Sink sink = target();
        sink.columns[0].type = type;
        connection_.exec("DROP TABLE IF EXISTS t");
        connection_.exec("CREATE TABLE t (id " + sql_type +
                         ", code text, fee numeric(5, 2), PRIMARY KEY (id, code))");
        return misfits_of(sink);
    };
    const auto refusal = [](const std::string& shown, const std::string& fit) {
        return ElementsAre("sink.columns[0] id: " + shown +
                           " cannot be a key's: it rounds or cuts values and makes keys equal that differ: "
                           "ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" TYPE " +
                           fit);
    };
    connection_.exec("CREATE DOMAIN cents AS numeric(12, 2)");
    connection_.exec("CREATE DOMAIN cents_of_ours AS cents NOT NULL");
    connection_.exec("CREATE DOMAIN seconds AS timestamptz(0)");
    EXPECT_THAT(check_key(ColumnType::numeric, "numeric(12, 2)"), refusal("numeric(12,2)", "numeric"));
    EXPECT_THAT(check_key(ColumnType::numeric, "numeric(12)"), refusal("numeric(12,0)", "numeric"));
    EXPECT_THAT(check_key(ColumnType::numeric, "cents"), refusal("cents", "numeric"));
    EXPECT_THAT(check_key(ColumnType::numeric, "cents_of_ours"), refusal("cents_of_ours", "numeric"));
    if (connection_.server_version() >= 150'000) {  // before it there were no negative scales
        EXPECT_THAT(check_key(ColumnType::bigint, "numeric(12, -2)"), refusal("numeric(12,-2)", "bigint"));
    }
    EXPECT_THAT(check_key(ColumnType::timestamp, "timestamp(3)"),
                refusal("timestamp(3) without time zone", "timestamp"));
    EXPECT_THAT(check_key(ColumnType::timestamptz, "seconds"), refusal("seconds", "timestamptz"));
    EXPECT_THAT(check_key(ColumnType::text, "varchar(20)"), refusal("character varying(20)", "text"));

    EXPECT_THAT(check_key(ColumnType::numeric, "numeric"), IsEmpty());
    EXPECT_THAT(check_key(ColumnType::bigint, "cents"), IsEmpty()) << "whole numbers stay as they are";
    EXPECT_THAT(check_key(ColumnType::timestamptz, "timestamptz(6)"), IsEmpty());
    EXPECT_THAT(check_key(ColumnType::text, "varchar"), IsEmpty());
}

TEST_F(TargetTest, APartitionedTableFits) {
    EXPECT_THAT(check("CREATE TABLE t (id bigint, code text, fee numeric, PRIMARY KEY (id, code)) PARTITION "
                      "BY HASH (id)"),
                IsEmpty());
}

TEST_F(TargetTest, EverythingThatDoesNotFitIsReportedAtOnceOneLineEach) {
    EXPECT_THAT(
        check(
            "CREATE UNLOGGED TABLE t (code char(5), fee double precision, must int NOT NULL, UNIQUE (code))"),
        ElementsAre("sink.table: \"public\".\"t\" is unlogged and empty after a crash of the server: "
                    "ALTER TABLE \"public\".\"t\" SET LOGGED",
                    "sink.columns[0] id: the table has no such column: ALTER TABLE \"public\".\"t\" ADD "
                    "COLUMN \"id\" bigint",
                    "sink.columns[1] code: the table has character(5), the config says text",
                    "sink.columns[1] code: a key column must be NOT NULL: ALTER TABLE \"public\".\"t\" ALTER "
                    "COLUMN \"code\" "
                    "SET NOT NULL",
                    "sink.columns[2] fee: the table has double precision, the config says numeric",
                    "sink.columns: column \"must\" of the table is NOT NULL without a default, and the "
                    "config does not fill it",
                    HasSubstr("sink.key: \"public\".\"t\" has no unique index on exactly")));
    const std::string failure = failure_of_ensure();
    EXPECT_EQ(std::count(failure.begin(), failure.end(), '\n'), 6);
}

TEST_F(TargetTest, ColumnsThatTheTableFillsItselfCannotBeStored) {
    EXPECT_THAT(
        check("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, code text, "
              "fee numeric GENERATED ALWAYS AS (1) STORED, PRIMARY KEY (id, code))"),
        ElementsAre(HasSubstr("sink.columns[0] id: the table has this column GENERATED ALWAYS AS IDENTITY"),
                    HasSubstr("sink.columns[2] fee: the table generates this column")));
    EXPECT_THAT(check("CREATE TABLE t (id bigint GENERATED BY DEFAULT AS IDENTITY, code text, fee numeric, "
                      "PRIMARY KEY (id, code))"),
                IsEmpty());
}

TEST_F(TargetTest, KeysWhoseEqualityIsNotOfTheirBytesAreRefused) {
    connection_.exec(
        "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)");
    EXPECT_THAT(
        check("CREATE TABLE t (id bigint, code text COLLATE blind, fee numeric, PRIMARY KEY (id, code))"),
        ::testing::Contains(HasSubstr("sink.columns[1] code: collation \"blind\" cannot be a key's")));
    config::Sink floating = target();
    floating.columns[0].type = ColumnType::double_precision;
    EXPECT_THAT(misfits_of(floating),
                ::testing::Contains(HasSubstr("sink.columns[0] id: double precision cannot be a key")));
}

TEST_F(TargetTest, UniqueIndexesThatOnConflictCannotUseDoNotCount) {
    const std::string columns = "CREATE TABLE t (id bigint NOT NULL, code text NOT NULL, fee numeric";
    connection_.exec("CREATE ROLE guest_of_t; GRANT CREATE, USAGE ON SCHEMA public TO guest_of_t");
    const auto as_guest = [&](const std::string& sql) {
        connection_.exec("DROP TABLE IF EXISTS t");
        connection_.exec(sql + "; GRANT ALL ON t TO guest_of_t; SET ROLE guest_of_t");
        auto lines = misfits_of(target());
        connection_.exec("RESET ROLE");
        return lines;
    };
    EXPECT_THAT(as_guest(columns + ", CONSTRAINT late UNIQUE (id, code) DEFERRABLE)"),
                ElementsAre(HasSubstr("late does not serve: it is deferrable")));
    EXPECT_THAT(as_guest(columns + "); CREATE UNIQUE INDEX part ON t (id, code) WHERE fee > 0"),
                ElementsAre(HasSubstr("part does not serve: it is partial")));
    EXPECT_THAT(as_guest(columns + "); CREATE UNIQUE INDEX expr ON t (id, code, lower(code))"),
                ElementsAre(HasSubstr("expr does not serve: it is on an expression")));
    EXPECT_THAT(as_guest(columns + "); CREATE UNIQUE INDEX posix ON t (id, code COLLATE \"POSIX\")"),
                ElementsAre(HasSubstr("posix does not serve: it is of another collation than its column")));
    EXPECT_THAT(as_guest(columns + ", UNIQUE (id)); CREATE UNIQUE INDEX ON t (id, code, fee)"),
                ElementsAre("sink.key: \"public\".\"t\" has no unique index on exactly (\"id\", \"code\"): "
                            "CREATE UNIQUE INDEX ON \"public\".\"t\" (\"id\", \"code\")"));
    EXPECT_THAT(as_guest(columns + "); CREATE UNIQUE INDEX ON t (code, id) INCLUDE (fee)"), IsEmpty());
    connection_.exec("DROP OWNED BY guest_of_t; DROP ROLE guest_of_t");
}

TEST_F(TargetTest, ViewsRowSecurityRulesAndRowTriggersAreRefused) {
    const std::string table = "CREATE TABLE t (id bigint, code text, fee numeric, PRIMARY KEY (id, code));";
    EXPECT_THAT(check(table + "ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
                ElementsAre(HasSubstr("sink.table: \"public\".\"t\" has row security")));
    EXPECT_THAT(check(table + "CREATE RULE quiet AS ON INSERT TO t DO INSTEAD NOTHING"),
                ElementsAre(HasSubstr("has rules on INSERT or UPDATE (quiet)")));
    connection_.exec(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
    const std::string eater =
        table + "CREATE TRIGGER eater BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing()";
    config::Sink replacing = target();
    replacing.mode = config::Mode::replace_slice;
    EXPECT_THAT(check(eater), IsEmpty());
    EXPECT_TRUE(has_row_triggers(connection_, target()));
    EXPECT_THAT(misfits_of(replacing),
                ElementsAre(HasSubstr("has triggers BEFORE INSERT or UPDATE of each row (eater)")));
    EXPECT_THAT(check(table + "CREATE RULE kept AS ON DELETE TO t DO INSTEAD NOTHING"), IsEmpty());
    EXPECT_THAT(misfits_of(replacing),
                ElementsAre(HasSubstr("has rules on INSERT, UPDATE or DELETE (kept)")));
    EXPECT_THAT(
        check(table + "CREATE TRIGGER late AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();"
                      "CREATE TRIGGER gone BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION nothing();"
                      "CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();"
                      "ALTER TABLE t DISABLE TRIGGER off"),
        IsEmpty());
    EXPECT_FALSE(has_row_triggers(connection_, target()));
    connection_.exec("DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id");
    EXPECT_THAT(misfits_of(target()),
                ElementsAre("sink.table: \"public\".\"t\" is a view, expected a table"));
}

TEST_F(TargetTest, MissingPrivilegesNameTheGrantThatHelps) {
    connection_.exec("CREATE ROLE poor_of_t; CREATE SCHEMA closed; REVOKE TEMPORARY ON DATABASE " +
                     connection_.exec("SELECT current_database()").text(0, 0) + " FROM PUBLIC");
    ensure_target(connection_, target());
    connection_.exec("SET ROLE poor_of_t");
    EXPECT_THAT(misfits_of(target()),
                ElementsAre(HasSubstr("GRANT TEMPORARY ON DATABASE"),
                            HasSubstr("GRANT SELECT, INSERT, UPDATE ON \"public\".\"t\" TO \"poor_of_t\"")));
    EXPECT_THAT(misfits_of(target("closed")),
                ::testing::Contains(HasSubstr("GRANT USAGE ON SCHEMA \"closed\" TO \"poor_of_t\"")));
    EXPECT_THAT(misfits_of(target("absent")),
                ::testing::Contains(HasSubstr("CREATE SCHEMA \"absent\" AUTHORIZATION \"poor_of_t\"")));
    connection_.exec("RESET ROLE; GRANT USAGE ON SCHEMA closed TO poor_of_t; SET ROLE poor_of_t");
    EXPECT_THAT(misfits_of(target("closed")),
                ::testing::Contains(HasSubstr("GRANT CREATE ON SCHEMA \"closed\" TO \"poor_of_t\"")));
    connection_.exec("RESET ROLE; DROP OWNED BY poor_of_t; DROP ROLE poor_of_t");
}

}  // namespace
}  // namespace pagehaul::sink
