#include "queue/kafka/progress.h"

#include <gtest/gtest.h>

namespace pagehaul::queue::kafka {
namespace {

TEST(ProgressTest, HasNothingToSayBeforeAnythingIsDone) {
    Progress progress;
    EXPECT_EQ(progress.uncommitted(), std::nullopt);
    progress.begin(7);
    EXPECT_EQ(progress.uncommitted(), std::nullopt);
}

TEST(ProgressTest, GoesAsFarAsAllAreDone) {
    Progress progress;
    for (const std::int64_t offset : {10, 11, 12, 13})
        progress.begin(offset);
    progress.finish(10);
    EXPECT_EQ(progress.uncommitted(), 11);
    progress.finish(12);
    progress.finish(13);
    EXPECT_EQ(progress.uncommitted(), 11) << "11 is with us still";
    progress.finish(11);
    EXPECT_EQ(progress.uncommitted(), 14);
}

TEST(ProgressTest, PassesOverOffsetsThatTheLogDoesNotHave) {
    Progress progress;
    for (const std::int64_t offset : {3, 8, 20})
        progress.begin(offset);
    progress.finish(3);
    EXPECT_EQ(progress.uncommitted(), 8);
    progress.finish(8);
    progress.finish(20);
    EXPECT_EQ(progress.uncommitted(), 21);
}

TEST(ProgressTest, SaysEachPositionOnceUnlessTheCommitFails) {
    Progress progress;
    progress.begin(0);
    progress.finish(0);
    progress.committed(1);
    EXPECT_EQ(progress.uncommitted(), std::nullopt);
    progress.commit_failed();
    EXPECT_EQ(progress.uncommitted(), 1);
}

TEST(ProgressTest, PassesOverWhatItDoesNotKnow) {
    Progress progress;
    progress.begin(5);
    progress.finish(4);
    progress.finish(6);
    EXPECT_EQ(progress.uncommitted(), std::nullopt);
    progress.finish(5);
    progress.finish(5);
    EXPECT_EQ(progress.uncommitted(), 6);
}

TEST(ProgressTest, BeginsAnewWithAPartitionThatWasMadeAnew) {
    Progress progress;
    progress.begin(100);
    progress.begin(101);
    progress.finish(100);
    progress.committed(101);
    progress.begin(0);
    EXPECT_EQ(progress.uncommitted(), std::nullopt);
    progress.finish(0);
    EXPECT_EQ(progress.uncommitted(), 1);
}

}  // namespace
}  // namespace pagehaul::queue::kafka
