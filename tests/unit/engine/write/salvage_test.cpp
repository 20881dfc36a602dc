#include "engine/write/salvage.h"

#include <gtest/gtest.h>

#include "engine/write/committer.h"

namespace pagehaul::engine {
namespace {

TEST(RowAsJson, NamesEachColumnAndUndoesCopysEscapes) {
    config::Sink sink;
    for (const char* name : {"id", "note", "gone"})
        sink.columns.emplace_back().name = name;
    EXPECT_EQ(row_as_json(sink, "1048576\t12\ta\\tb\\\\c\\nd\t\\N\n"),
              R"({"id":"12","note":"a\tb\\c\nd","gone":null})");
}

ledger::PageResult page_with(std::vector<std::int64_t> hashes) {
    ledger::PageResult page;
    page.key_hashes = std::move(hashes);
    return page;
}

TEST(KeysMayRepeat, OnlyWhenTwoHashesOfTheBatchAreEqual) {
    const auto a = page_with({1, 2, 3});
    const auto b = page_with({4, 5});
    const auto c = page_with({3});
    EXPECT_FALSE(keys_may_repeat({&a, &b}));
    EXPECT_TRUE(keys_may_repeat({&a, &b, &c}));
    EXPECT_FALSE(keys_may_repeat({}));
}

}  // namespace
}  // namespace pagehaul::engine
