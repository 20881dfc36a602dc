#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decoding.h"
#include "record/columns.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;
using testing::HasSubstr;

TEST(WithoutAKey, EqualRecordsAreRowsAndNoneHasAHash) {
    config::Sink sink = sink_of({column("id")});
    sink.key.clear();
    const auto page = decode_rows(sink, R"([{"id":1},{"id":1},{"id":"x"}])");
    EXPECT_EQ(page.fetched, 3);
    EXPECT_EQ(page.stored, 2);
    EXPECT_EQ(page.duplicates, 0);
    EXPECT_EQ(page.bad.size(), 1U);
    EXPECT_TRUE(page.key_hashes.empty());
    EXPECT_EQ(page.copy, "0\t1\n1\t1\n");
}

config::Column checked(const std::string& name, ColumnType type) {
    config::Column made = column(name, type);
    made.value = "{{ slice." + name + " }}";
    made.slice_parameter = name;
    made.checked = true;
    return made;
}

TEST(ACheckedColumn, HoldsTheRecordAgainstItsSlice) {
    const auto sink = sink_of({checked("date", ColumnType::date), column("id")}, {"id", "date"});
    const auto page = decode_rows(
        sink, R"([{"date":"2026-11-01","id":1},{"date":"2026-11-02","id":2},{"id":3}])", {"2026-11-01"});
    EXPECT_EQ(page.copy, "0\t2026-11-01\t1\n");
    ASSERT_EQ(page.bad.size(), 2U);
    EXPECT_THAT(page.bad[0].reason,
                HasSubstr("column date: expected what the slice says, got a string `2026-11-02`"));
    EXPECT_THAT(page.bad[1].reason, HasSubstr("expected the field to be there"));
}

TEST(ASlicesFields, AreItsParametersAsTheTableTakesThem) {
    config::Column day = checked("day", ColumnType::date);
    day.format = "epoch";  // of the record alone
    config::Column part = column("part", ColumnType::text);
    part.value = "{{ slice.part }}";
    part.slice_parameter = "part";
    part.null_if = {"none"};
    const auto sink = sink_of({column("id"), day, part});
    const auto fields = slice_fields(sink, {std::nullopt, "2026-11-01", "none"});
    ASSERT_TRUE(fields);
    ASSERT_EQ(fields->size(), 2U);
    EXPECT_EQ((*fields)[0].column, "day");
    EXPECT_EQ((*fields)[0].text, "2026-11-01");
    EXPECT_EQ((*fields)[1].text, std::nullopt);
    EXPECT_FALSE(slice_fields(sink, {std::nullopt, "yesterday", "a"}));
}

TEST(TheRest, IsWhatNoColumnReadsWhole) {
    config::Column rest = column("rest", ColumnType::jsonb);
    rest.rest = true;
    config::Column inner = column("inner");
    inner.from = "/o/a";
    config::Sink sink = sink_of({column("id"), inner, rest}, {"id"});
    sink.undeclared = config::Undeclared::column;
    const auto page =
        decode_rows(sink, R"([{"x":"é\n", "id":1,"o":{"a":1,"b":[2]} ,"y":null},{"o":{"a":2},"id":2}])");
    EXPECT_EQ(page.copy,
              "0\t1\t1\t{\"x\":\"é\\\\n\",\"o\":{\"a\":1,\"b\":[2]},\"y\":null}\n"
              "1\t2\t2\t{\"o\":{\"a\":2}}\n");
}

config::Sink adding(std::vector<config::Column> columns) {
    config::Sink sink = sink_of(std::move(columns), {"id"});
    sink.undeclared = config::Undeclared::add_column;
    return sink;
}

TEST(AddedColumns, AreNamedByThePageAndFilledFromItsLinesLastField) {
    const auto page = decode_rows(adding({column("id")}),
                                  R"([{"id":1},{"a":1,"id":2,"b":null},{"id":3,"é\"":[1],"a":"x"}])");
    EXPECT_EQ(page.copy, "0\t1\t\\N\n1\t2\t{\"a\":1}\n2\t3\t{\"é\\\\\"\":[1],\"a\":\"x\"}\n");
    EXPECT_THAT(page.undeclared, testing::ElementsAre("a", "é\""));
}

TEST(AddedColumns, AreNotMadeOfNamesThatAColumnCannotHave) {
    const std::string longest(63, 'x');
    const auto page =
        decode_rows(adding({column("id")}), R"([{"id":1,"":1},{"id":2,"a\u0000":1},{"id":3,")" + longest +
                                                R"(x":1},{"id":4,")" + longest + R"(":1},{"id":5,"":null}])");
    EXPECT_THAT(page.undeclared, testing::ElementsAre(longest));
    EXPECT_EQ(page.stored, 2);
    ASSERT_EQ(page.bad.size(), 3U);
    EXPECT_THAT(page.bad[0].reason, HasSubstr("field ``: expected a name that a column can have"));
}

TEST(AddedColumns, OfRecordsWhoseNamesAreDataAreNoMoreThanItTakesToSeeThat) {
    std::string records = R"([{"id":1)";
    for (int i = 0; i < 1'000; ++i)
        records += ",\"" + std::to_string(i) + "\":1";
    const auto page = decode_rows(adding({column("id")}), records + "}]");
    EXPECT_EQ(page.undeclared.size(), kMostAddedColumns + 1);
}

}  // namespace
}  // namespace pagehaul::record
