// How a slice ends where nobody tells how much there is, and where one request is all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/plan.h"
#include "ledger/proof.h"
#include "ledger/window.h"

namespace pagehaul::ledger {
namespace {

using ::testing::HasSubstr;

Policy ending(Policy::End end) {
    Policy policy;
    policy.page_size = 10;
    policy.total = Policy::Known::nothing;
    policy.end = end;
    return policy;
}

Policy one_request(Policy::Known total) {
    Policy policy;
    policy.total = total;
    policy.one_request = true;
    return policy;
}

template <class Right, class Any>
Right right(const Any& any) {
    if (const auto* found = std::get_if<Right>(&any)) return *found;
    ADD_FAILURE() << "alternative " << any.index();
    return {};
}

Window rows_on(std::int64_t pages) {
    Window window;
    window.highest = window.last_with_rows.emplace(pages);
    return window;
}

TEST(OneRequest, IsAllOfItsSlice) {
    const auto plan = right<PagePlan>(plan_from_page_one(one_request(Policy::Known::nothing), 12'345, {}));
    EXPECT_EQ(plan.last, 1);
    EXPECT_EQ(plan.planned, 1);
}

TEST(OneRequest, ThatDoesNotBringTheTotalIsToldOf) {
    const auto rows = plan_from_page_one(one_request(Policy::Known::rows), 100, 250);
    EXPECT_THAT(right<PlanRefused>(rows).why, HasSubstr("100 of a total of 250 rows: the API has pages"));
    const auto pages = plan_from_page_one(one_request(Policy::Known::pages), 100, 3);
    EXPECT_THAT(right<PlanRefused>(pages).why, HasSubstr("1 of a total of 3 pages"));
    right<PagePlan>(plan_from_page_one(one_request(Policy::Known::rows), 100, 100));
    right<PlanRefused>(plan_from_page_one(one_request(Policy::Known::rows), 100, {}));
}

TEST(Nothing, OnPage1WithoutATotalIsASliceOfOneEmptyPage) {
    const auto plan = right<PagePlan>(plan_from_page_one({}, 0, {}, true));
    EXPECT_EQ(plan.planned, 1);
    right<PlanRefused>(plan_from_page_one({}, 0, {}));
}

TEST(Nothing, WithoutATotalIsNoProofByCounts) {
    const auto verdict = judge_proof({}, {}, {}, {.pages = 1, .short_page = {}});
    EXPECT_EQ(right<Proven>(verdict).by, "pages");
}

TEST(AShortPage, IsTheEndOnceItsPredecessorsAreDone) {
    Window window = rows_on(13);
    window.first_short = 13;
    window.unfinished = 2;
    right<Wait>(judge_window(ending(Policy::End::short_page), window));
    window.unfinished = 0;
    EXPECT_EQ(right<EndFound>(judge_window(ending(Policy::End::short_page), window)).planned, 13);
}

TEST(AShortPage, MayBeAnEmptyOne) {
    Window window = rows_on(13);
    window.highest = window.first_empty.emplace(14);
    EXPECT_EQ(right<EndFound>(judge_window(ending(Policy::End::short_page), window)).planned, 13);
}

TEST(AShortPage, WithRowsBehindItIsNone) {
    Window window = rows_on(2);
    window.first_short = 1;
    EXPECT_THAT(
        right<EndMoved>(judge_window(ending(Policy::End::short_page), window)).why,
        HasSubstr("page 1 brought fewer rows than source.pagination.size, 10, and later pages have rows "
                  "too: the API moved, or its pages are short, because it caps their size"));
}

TEST(AShortPage, ThatIsPage1PlansNoOther) {
    const Policy policy = ending(Policy::End::short_page);
    EXPECT_EQ(right<PagePlan>(plan_from_page_one(policy, 9, {})).planned, 1);
    EXPECT_EQ(right<PagePlan>(plan_from_page_one(policy, 0, {})).planned, 0);
    EXPECT_FALSE(right<PagePlan>(plan_from_page_one(policy, 10, {})).planned);
}

TEST(ALastPageThatSaysSo, IsTheEnd) {
    const Policy policy = ending(Policy::End::told);
    EXPECT_EQ(right<PagePlan>(plan_from_page_one(policy, 10, 1)).planned, 1);
    Window window = rows_on(5);
    window.first_short = 2;  // others may be as short as they like
    EXPECT_EQ(right<Extend>(judge_window(policy, window)).to, 13);
    window.first_empty = 4;
    window.unfinished = 1;
    right<Wait>(judge_window(policy, window));
    window.first_empty.reset();
    window.unfinished = 0;
    window.last_told = 5;
    window.first_failed = 6;
    window.failed = 1;
    EXPECT_EQ(right<EndFound>(judge_window(policy, window)).planned, 5) << "what fails behind it is no page";
    window.first_failed = 4;
    right<Wait>(judge_window(policy, window));
}

TEST(ALastPageThatSaysSo, HasNoRowsBehindIt) {
    Window window = rows_on(6);
    window.last_told = 4;
    EXPECT_THAT(right<EndMoved>(judge_window(ending(Policy::End::told), window)).why,
                HasSubstr("page 6 has rows, and page 4 said that it is the last (source.pagination.more)"));
}

TEST(ALastPageThatSaysSo, IsMissedWhereEmptyPagesGoOn) {
    Window window = rows_on(4);
    window.first_empty = 5;
    window.highest = 6;
    EXPECT_THAT(right<EndRefused>(judge_window(ending(Policy::End::told), window)).why,
                HasSubstr("pages 5 and 6 have no rows, and no page said that it is the last"));
}

TEST(ALastPageThatSaysSo, MayFollowShortPages) {
    const SliceSums sums{.pages = 3, .fetched = 25, .stored = 25, .distinct_keys = 25, .short_page = 1};
    EXPECT_EQ(right<Proven>(judge_proof(ending(Policy::End::told), {}, {}, sums)).by, "pages");
    right<Moved>(judge_proof(ending(Policy::End::empty_pages), {}, {}, sums));
}

TEST(ALastPage, ThatIsAnotherNowMeansThatTheApiMoved) {
    const SliceSums sums{.pages = 3, .fetched = 25, .stored = 25, .distinct_keys = 25, .short_page = {}};
    ProofReading reading;
    reading.moved = "page 3, the last one, says now that there are more";
    EXPECT_THAT(right<Moved>(judge_proof(ending(Policy::End::told), {}, reading, sums)).why,
                HasSubstr("page 3"));
}

TEST(ALastPage, WithRowsRightBehindItsOwnShowsACap) {
    const SliceSums sums{.pages = 1, .fetched = 5, .stored = 5, .distinct_keys = 5, .short_page = {}};
    ProofReading reading;
    reading.rows_behind_short = 3;
    EXPECT_THAT(right<Moved>(judge_proof(ending(Policy::End::empty_pages), {}, reading, sums)).why,
                HasSubstr("there are 3 rows right behind those of the last page, which was not full"));
}

}  // namespace
}  // namespace pagehaul::ledger
