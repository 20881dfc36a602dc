// src/ledger/README.md, "Cost": distinct keys are counted in memory that does not grow with them.
#include "ledger/key_count.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "core/error.h"

namespace pagehaul::ledger {
namespace {

class KeyCount : public ::testing::Test {
  protected:
    /// Adds a piece of `count` hashes from `first` on, spread over all 64 bits as XXH3 does it.
    void add(std::int64_t group, std::uint64_t first, std::size_t count) {
        std::vector<std::int64_t> hashes;
        for (std::uint64_t i = first; i < first + count; ++i)
            hashes.push_back(static_cast<std::int64_t>((i + 1) * 0x9e3779b97f4a7c15ULL));
        keys += static_cast<std::int64_t>(count);
        pieces.emplace_back(group, pack_keys(hashes));
    }
    std::map<std::int64_t, std::int64_t> counted(std::optional<std::int64_t> about = {}) {
        const auto counts = count_distinct(
            about.value_or(keys),
            [&](const TakeKeys& take) {
                ++readings;
                for (const auto& [group, packed] : pieces)
                    if (!take(group, packed)) return;
            },
            memory);
        return {counts.begin(), counts.end()};
    }
    using Counts = std::map<std::int64_t, std::int64_t>;

    std::vector<std::pair<std::int64_t, std::string>> pieces;
    std::int64_t keys = 0;
    int readings = 0;
    KeyMemory memory;
};

TEST_F(KeyCount, OfNothingIsNothing) {
    EXPECT_EQ(counted(), Counts{});
    add(7, 0, 0);
    EXPECT_EQ(counted(), Counts{});
}

TEST_F(KeyCount, IsOfEachGroupWhateverTheOthersHave) {
    add(1, 0, 3);
    add(2, 0, 3);
    add(1, 2, 3);
    EXPECT_EQ(counted(), (Counts{{1, 5}, {2, 3}}));
}

TEST_F(KeyCount, CountsAKeyOnceHoweverOftenItComes) {
    for (int i = 0; i < 50; ++i)
        add(1, 4, 1);
    add(1, 0, 10);
    EXPECT_EQ(counted(), (Counts{{1, 10}}));
}

TEST_F(KeyCount, OfUniqueKeysIsMostlyOneReading) {
    add(1, 0, 200'000);
    EXPECT_EQ(counted(), (Counts{{1, 200'000}}));
    EXPECT_LE(readings, 2) << "the second one for what only looked like a repetition";
}

TEST_F(KeyCount, IsTheSameInParts) {
    memory = {.filter_bytes = 1024, .suspects = 100};
    add(1, 0, 5'000);
    add(1, 4'900, 5'000);
    EXPECT_EQ(counted(), (Counts{{1, 9'900}}));
    EXPECT_GT(readings, 10);
}

TEST_F(KeyCount, IsTheSameWhenEveryKeyRepeats) {
    memory = {.filter_bytes = 64 * 1024, .suspects = 100};
    add(1, 0, 1'000);
    add(1, 0, 1'000);
    EXPECT_EQ(counted(), (Counts{{1, 1'000}}));
}

TEST_F(KeyCount, IsTheSameWhateverNumberWasExpected) {
    memory.suspects = 1'000;
    add(1, 0, 20'000);
    add(1, 0, 10);
    for (const std::int64_t about : {0, 1, 1'000'000})
        EXPECT_EQ(counted(about), (Counts{{1, 20'000}})) << about;
}

TEST_F(KeyCount, RefusesHalfAKey) {
    pieces.emplace_back(1, "1234567");
    EXPECT_THROW(counted(), Failure);
}

}  // namespace
}  // namespace pagehaul::ledger
