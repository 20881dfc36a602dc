#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/digest.h"
#include "decoding.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;
using testing::HasSubstr;

config::Sink two_texts() {
    return sink_of({column("a", ColumnType::text), column("b", ColumnType::text)}, {"a", "b"});
}

TEST(KeyHashes, AreOneARecordInRowOrder) {
    const auto sink = sink_of({column("id"), column("n")});
    const auto page =
        decode_rows(sink, R"([{"id":1,"n":1},{"id":2,"n":"x"},{"id":1,"n":1},{"id":"-","n":1}])");
    ASSERT_EQ(page.key_hashes.size(), 4U);
    EXPECT_EQ(page.key_hashes[0], page.key_hashes[2]) << "duplicates have theirs too";
    EXPECT_EQ(page.key_hashes[1], decode_rows(sink, R"([{"id":2,"n":9}])").key_hashes[0]) << "and bad rows";
    EXPECT_EQ(page.key_hashes[3], hash64(R"({"id":"-","n":1})"))
        << "the raw record's where the key is unreadable";
    EXPECT_EQ(page.fetched, page.stored + page.duplicates + static_cast<std::int32_t>(page.bad.size()));
}

TEST(KeyHashes, KeepColumnsApart) {
    const auto page =
        decode_rows(two_texts(), R"([{"a":"a","b":"bc"},{"a":"ab","b":"c"},{"a":"","b":"abc"}])");
    EXPECT_EQ(std::set<std::int64_t>(page.key_hashes.begin(), page.key_hashes.end()).size(), 3U);
    EXPECT_EQ(page.stored, 3);
}

TEST(KeyHashes, AreOfTheConvertedValue) {
    auto id = column("id");
    id.strip = "#";
    const auto sink = sink_of({id});
    EXPECT_EQ(decode_rows(sink, R"([{"id":"#007"}])").key_hashes,
              decode_rows(sink, R"([{"id":7}])").key_hashes);
    EXPECT_EQ(decode_rows(sink, R"([{"id":7}])").key_hashes,
              decode_rows(sink, R"([{"x":0,"id": 7.0}])").key_hashes);
}

TEST(KeyHashes, AreEqualForEscapedAndPlainText) {
    const auto sink = sink_of({column("t", ColumnType::text)});
    EXPECT_EQ(decode_rows(sink, R"([{"t":"é\t"}])").key_hashes,
              decode_rows(sink, R"([{"t":"\u00e9\u0009"}])").key_hashes);
}

TEST(Duplicates, AreByteIdenticalRecordsOfThePage) {
    const auto sink = sink_of({column("id"), column("n")});
    const auto page = decode_rows(sink, R"([{"id":1,"n":1},{"id":2,"n":1},{"id":1,"n":1},{"id":1,"n":1}])");
    EXPECT_EQ(page.fetched, 4);
    EXPECT_EQ(page.stored, 2);
    EXPECT_EQ(page.duplicates, 2);
    EXPECT_EQ(page.copy, "0\t1\t1\n1\t2\t1\n");
    EXPECT_EQ(page.key_conflict, "");
}

TEST(Duplicates, OfABadRowAreNotBadAgain) {
    const auto page = decode_rows(sink_of({column("id")}), R"([{"id":"x"},{"id":"x"}])");
    EXPECT_EQ(page.bad.size(), 1U);
    EXPECT_EQ(page.duplicates, 1);
}

TEST(KeyConflict, IsEqualKeysInDifferentRecords) {
    const auto sink = sink_of({column("id"), column("d", ColumnType::date), column("n")}, {"id", "d"});
    const auto page = decode_rows(
        sink,
        R"([{"id":1,"d":"2026-10-01","n":1},{"id":2,"d":"2026-10-01","n":1},{"id":1,"d":"2026-10-01","n":2}])");
    EXPECT_EQ(page.key_conflict, "rows 0 and 2 differ but have the same key (id=1, d=2026-10-01)");
    EXPECT_EQ(page.stored, 2) << "the first stays";
    EXPECT_EQ(page.bad.at(0).row, 2);
    EXPECT_EQ(page.fetched, 3);
}

TEST(KeyConflict, CountsBadRowsWhoseKeyIsReadable) {
    const auto page =
        decode_rows(sink_of({column("id"), column("n")}), R"([{"id":1,"n":1},{"id":1,"n":"x"}])");
    EXPECT_THAT(page.key_conflict, HasSubstr("(id=1)"));
    EXPECT_THAT(page.bad.at(0).reason, HasSubstr("column n"));
}

TEST(ContentHash, IsOfTheRecordsAlone) {
    Decoder decoder(sink_of({column("id")}), {"/l", {}});
    const auto hash = [&](const char* body) { return decode(decoder, body)->content_hash; };
    EXPECT_EQ(hash(R"({"l":[{"id":1}],"request":1})"), hash(R"({"request":2,"l":[{"id":1}]})"));
    EXPECT_NE(hash(R"({"l":[{"id":1}]})"), hash(R"({"l":[{"id":2}]})"));
    EXPECT_EQ(hash(R"({"l":[{"id":1}]})"), hash64(R"([{"id":1}])"));
}

TEST(Decoder, GivesTheSameAnswerWhateverItDecodedBefore) {
    const auto sink = sink_of({column("id"), column("t", ColumnType::text)});
    Decoder used(sink, {"/l", {"/code"}});
    const std::string body = R"({"code":0,"l":[{"id":1,"t":"a"},{"id":2,"t":"b\n"}]})";
    for (const std::string& before :
         {std::string(R"({"l":[{"t":"z","id":9},{"id":1}]})"), std::string("{\"l\":[{"),
          "{\"l\":[{\"id\":3,\"t\":\"" + std::string(100'000, 'x') + "\"}]}"}) {
        decode(used, before, 1, ColumnValues(2));
        const auto page = decode(used, body, 1, ColumnValues(2));
        ASSERT_TRUE(page);
        EXPECT_EQ(page->copy, "1048576\t1\ta\n1048577\t2\tb\\n\n");
        EXPECT_EQ(page->key_hashes.size(), 2U);
    }
}

}  // namespace
}  // namespace pagehaul::record
