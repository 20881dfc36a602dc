// src/ledger/README.md, "Proof of a slice": the judgement alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger/proof.h"

namespace pagehaul::ledger {
namespace {

using ::testing::HasSubstr;

/// 25 rows on 3 pages of 10, as the source still tells them: changes by one member are what the tests make.
class JudgeProof : public ::testing::Test {
  protected:
    ProofVerdict judged() const { return judge_proof(policy, total_before, reading, sums); }
    std::string proven_by() const {
        const ProofVerdict verdict = judged();
        const auto* proven = std::get_if<Proven>(&verdict);
        return proven == nullptr ? "not proven" : proven->by;
    }
    std::string moved() const {
        const ProofVerdict verdict = judged();
        const auto* moved = std::get_if<Moved>(&verdict);
        return moved == nullptr ? "not moved" : moved->why;
    }
    std::string refuted() const {
        const ProofVerdict verdict = judged();
        const auto* refuted = std::get_if<Refuted>(&verdict);
        return refuted == nullptr ? "not refuted" : refuted->why;
    }

    Policy policy{.page_size = 10, .quarantine_rows = {}, .quarantine_fraction = {}};
    std::optional<std::int64_t> total_before = 25;
    ProofReading reading{.total = 25};
    SliceSums sums{.pages = 3, .fetched = 25, .stored = 25, .distinct_keys = 25, .short_page = {}};
};

TEST_F(JudgeProof, IsByCountsWhereAnExactTotalOfRowsIsTold) {
    EXPECT_EQ(proven_by(), "counts");
    sums.stored = 20;
    sums.quarantined = 3;
    sums.duplicates = 2;
    sums.distinct_keys = 23;
    EXPECT_EQ(proven_by(), "counts") << "what is quarantined or a duplicate is accounted for";
}

TEST_F(JudgeProof, IsByPagesWhereTheTotalIsOfPagesOrAdvisoryOrNone) {
    policy.total_advisory = true;
    total_before = reading.total = 26;
    EXPECT_EQ(proven_by(), "pages");
    policy = {
        .page_size = 10, .total = Policy::Known::pages, .quarantine_rows = {}, .quarantine_fraction = {}};
    total_before = reading.total = 3;
    EXPECT_EQ(proven_by(), "pages");
    policy.total = Policy::Known::nothing;
    total_before = reading.total = {};
    EXPECT_EQ(proven_by(), "pages");
}

TEST_F(JudgeProof, ARefusalBehindTheLastPageShowsNoEnd) {
    reading.end_refused = "page 4, behind the last one, is refused: HTTP status 400";
    EXPECT_EQ(proven_by(), "counts, end not shown");
    policy.total_advisory = true;
    EXPECT_EQ(proven_by(), "pages, end not shown");
    reading.rows_beyond_end = 1;
    EXPECT_THAT(moved(), HasSubstr("1 row beyond the end")) << "rows disprove it whatever is refused";
}

TEST_F(JudgeProof, LessThanWhatIsRequiredIsRefutedAndSaysWhatWasRefused) {
    reading.end_refused = "page 4, behind the last one, is refused: HTTP status 400";
    policy.required = Policy::Required::pages;
    EXPECT_THAT(refuted(),
                AllOf(HasSubstr("run.require_proof is pages, and what was shown is: counts, end not shown"),
                      HasSubstr("HTTP status 400")));
    reading.end_refused.clear();
    EXPECT_EQ(proven_by(), "counts") << "more than is asked for";
}

TEST(Suffices, AsksForTheEndAndThenForTheCounts) {
    struct Case {
        const char* proof;
        bool pages;
        bool counts;
    };
    for (const auto& [proof, pages, counts] :
         {Case{"pages, end not shown", false, false}, Case{"pages", true, false},
          Case{"counts, end not shown", false, false}, Case{"counts", true, true}}) {
        EXPECT_TRUE(suffices(proof, Policy::Required::anything)) << proof;
        EXPECT_EQ(suffices(proof, Policy::Required::pages), pages) << proof;
        EXPECT_EQ(suffices(proof, Policy::Required::counts), counts) << proof;
    }
}

TEST_F(JudgeProof, ATotalThatChangedMeansThatTheApiMoved) {
    reading.total = 26;
    EXPECT_THAT(moved(), HasSubstr("from 25 to 26"));
    policy.total_advisory = true;
    EXPECT_THAT(moved(), HasSubstr("from 25 to 26")) << "what counts otherwise counts the same twice";
}

TEST_F(JudgeProof, RowsBeyondTheEndMeanThatTheApiMoved) {
    reading.rows_beyond_end = 1;
    EXPECT_THAT(moved(), HasSubstr("there is 1 row beyond the end that the total of 25 gives"));
}

TEST_F(JudgeProof, FewerOrMoreRowsThanAnExactTotalMeanThatTheApiMoved) {
    for (const int fetched : {24, 26}) {
        sums.fetched = sums.stored = sums.distinct_keys = fetched;
        EXPECT_THAT(moved(), HasSubstr("told a total of 25; fetched " + std::to_string(fetched)));
    }
}

TEST_F(JudgeProof, AShortPageBeforeTheLastOneIsSeenWhereCountsShowNothing) {
    sums.short_page = 2;
    EXPECT_EQ(proven_by(), "counts") << "the counts are right, so nothing is missing";
    policy.total_advisory = true;
    EXPECT_THAT(moved(), HasSubstr("page 2 brought fewer rows than source.pagination.size"));
}

TEST_F(JudgeProof, AKeyOnTwoPagesIsNeverProven) {
    sums.distinct_keys = 24;
    EXPECT_THAT(moved(), HasSubstr("rows repeat on other pages"));
}

TEST_F(JudgeProof, TheSamePageTwiceMayBeAShiftAndThreeTimesIsNot) {
    sums.all_pages_same = true;
    EXPECT_THAT(refuted(), HasSubstr("the same records for each of 3 pages"));
    sums.pages = 2;
    EXPECT_THAT(moved(), HasSubstr("the same records for each of 2 pages"));
}

TEST_F(JudgeProof, CountsThatDoNotAddUpAreRefutedAtOnce) {
    sums.stored = 24;
    EXPECT_THAT(refuted(), HasSubstr("do not add up"));
    sums.stored = 25;
    sums.counts_add_up = false;
    EXPECT_THAT(refuted(), HasSubstr("do not add up")) << "two pages' errors may cancel each other";
}

TEST_F(JudgeProof, OfAChainIsTheApisWordAndNoMore) {
    policy.linked = true;
    policy.total = Policy::Known::nothing;
    total_before = reading.total = {};
    sums.short_page = 2;
    EXPECT_EQ(proven_by(), "chain");
    EXPECT_TRUE(suffices("chain", Policy::Required::anything));
    EXPECT_FALSE(suffices("chain", Policy::Required::pages));
    EXPECT_FALSE(suffices("chain", Policy::Required::counts));
}

TEST_F(JudgeProof, OfAChainWithATotalOfPagesIsByPages) {
    policy.linked = true;
    policy.total = Policy::Known::pages;
    total_before = reading.total = 3;
    EXPECT_EQ(proven_by(), "pages");
    total_before = reading.total = 4;
    EXPECT_TRUE(std::holds_alternative<Moved>(judged()));
}

TEST_F(JudgeProof, OfAChainThatSaysThatThereIsNothingNeedsNoTotal) {
    policy.linked = true;
    sums = {.pages = 1, .fetched = 0, .stored = 0, .distinct_keys = 0, .short_page = {}};
    total_before = reading.total = {};
    for (const auto known : {Policy::Known::rows, Policy::Known::pages}) {
        policy.total = known;
        EXPECT_EQ(proven_by(), "chain");
    }
}

}  // namespace
}  // namespace pagehaul::ledger
