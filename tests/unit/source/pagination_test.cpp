#include "source/pagination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PagesFor, RoundsUp) {
    EXPECT_EQ(pages_for(0, 100), 0);
    EXPECT_EQ(pages_for(1, 100), 1);
    EXPECT_EQ(pages_for(100, 100), 1);
    EXPECT_EQ(pages_for(101, 100), 2);
    EXPECT_EQ(pages_for(9'223'372'036'854'775'807, 1), 9'223'372'036'854'775'807);
}

TEST(MostRows, AreTwiceThePageOrAThousandMore) {
    EXPECT_EQ(most_rows(1), 1'001);
    EXPECT_EQ(most_rows(100), 1'100);
    EXPECT_EQ(most_rows(5'000), 10'000);
}

TEST(PageNumber, CountsFromTheApisFirst) {
    config::Pagination pagination;
    pagination.first = 0;
    EXPECT_EQ(page_number(pagination, 1), 0);
    EXPECT_EQ(page_offset(pagination, 1), 0);
    EXPECT_EQ(page_offset(pagination, 3), 200);
}

TEST(EndHint, SaysWhatToWriteIfThereIsSomethingToWrite) {
    EXPECT_THAT(end_hint("{when: {status: [400]}, then: end}"),
                HasSubstr("write the rule {when: {status: [400]}, then: end} into source.response.rules"));
    EXPECT_THAT(end_hint(""), IsEmpty());
}

TEST(CappedPage, IsSeenOnPageOne) {
    const config::Pagination pagination;
    EXPECT_THAT(capped_page(pagination, 50, 1'000), HasSubstr("caps the page size at 50 (asked 100"));
    EXPECT_THAT(capped_page(pagination, 20, 70), HasSubstr("caps the page size at 20 (asked 100"));
    EXPECT_THAT(capped_page(pagination, 0, 70), HasSubstr("no rows"));
    EXPECT_THAT(capped_page(pagination, 100, 1'000), IsEmpty());
    EXPECT_THAT(capped_page(pagination, 70, 70), IsEmpty());
    EXPECT_THAT(capped_page(pagination, 0, 0), IsEmpty());
    EXPECT_THAT(capped_page(pagination, 50, std::nullopt), IsEmpty());
}

TEST(CappedPage, BelievesAnAdvisoryTotalOnlyBeyondOnePage) {
    config::Pagination pagination;
    pagination.total = config::Total{.rows = config::ResponsePlace{.pointer = "/total"}};
    pagination.total->trust = config::TotalTrust::advisory;
    EXPECT_THAT(capped_page(pagination, 68, 70), IsEmpty());
    EXPECT_THAT(capped_page(pagination, 50, 1'000), HasSubstr("caps"));
}

}  // namespace
}  // namespace pagehaul::source
