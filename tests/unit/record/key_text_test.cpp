#include <gtest/gtest.h>

#include "decoding.h"
#include "record/columns.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;

struct Stored {
    ColumnType type;
    std::string json;      // as the API sends it
    std::string postgres;  // as PostgreSQL writes what was made of it
};

TEST(AKeysText, HasTheHashThatItsRecordHas) {
    for (const Stored& it : std::vector<Stored>{
             {ColumnType::bigint, "12.0", "12"},
             {ColumnType::integer, "\"+7\"", "7"},
             {ColumnType::numeric, "1.50", "1.50"},
             {ColumnType::numeric, "1e2", "100"},
             {ColumnType::text, "\"a\\tb\\u00e9\"", "a\tb\xc3\xa9"},
             {ColumnType::text, "\"\"", ""},
             {ColumnType::boolean, "true", "true"},
             {ColumnType::date, "\"2026-11-01\"", "2026-11-01"},
             {ColumnType::time, "\"07:05\"", "07:05:00"},
             {ColumnType::timestamp, "\"2026-11-01T07:05:00.500\"", "2026-11-01 07:05:00.5"},
             {ColumnType::timestamptz, "\"2026-11-01T07:05:00+02:00\"", "2026-11-01 05:05:00+00"},
             {ColumnType::uuid, "\"A0EEBC999C0B4EF8BB6D6BB9BD380A11\"",
              "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}) {
        const auto sink = sink_of({column("k", it.type), column("n")}, {"k"});
        const auto page = decode_rows(sink, "[{\"n\":1,\"k\":" + it.json + "}]");
        ASSERT_EQ(page.stored, 1) << it.json;
        EXPECT_EQ(KeyText(sink).hash({it.postgres}), page.key_hashes[0]) << it.json;
    }
}

TEST(AKeysText, IsOfItsColumnsInTheirOrderWhateverTheKeyLists) {
    const auto sink = sink_of({column("a"), column("x"), column("b", ColumnType::text)}, {"b", "a"});
    KeyText key(sink);
    EXPECT_EQ(key.columns(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(key.hash({"1", "two"}), decode_rows(sink, R"([{"a":1,"x":0,"b":"two"}])").key_hashes[0]);
}

TEST(AKeysText, OfAFormatIsThatOfWhatIsStored) {
    auto day = column("day", ColumnType::date);
    day.format = "epoch";
    auto id = column("id", ColumnType::text);
    id.strip = "#";
    const auto sink = sink_of({day, id}, {"day", "id"});
    EXPECT_EQ(KeyText(sink).hash({"2026-11-01", "a"}),
              decode_rows(sink, R"([{"day":1793491200,"id":"#a"}])").key_hashes[0]);
}

TEST(AKeysText, ThatNoRecordCanHaveHasNoHash) {
    const auto sink = sink_of({column("d", ColumnType::date)});
    EXPECT_EQ(KeyText(sink).hash({"infinity"}), std::nullopt);
    EXPECT_EQ(KeyText(sink).hash({std::nullopt}), std::nullopt);
}

}  // namespace
}  // namespace pagehaul::record
