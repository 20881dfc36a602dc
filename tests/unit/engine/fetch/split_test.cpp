// Slices that are too large, and slices that are to wait.
#include "fetching.h"

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;
using testing::FetchingTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using ::testing::SizeIs;

class SplitTest : public FetchingTest {
  protected:
    void slice_by_weeks() {
        shared.config.source.slices = {
            {.name = "week", .values = config::DateDimension{.from = {}, .to = {}, .step_days = 7}}};
    }
    static ledger::Claim week(std::int64_t no) {
        ledger::Claim made = claim(no);
        made.slice_key = "week=2026-11-23+7d";
        made.slice_params = R"({"week":"2026-11-23","week_end":"2026-11-29"})";
        return made;
    }
    void rule(config::RuleAction then, config::ThrottleScope scope = {}) {
        config::Rule made;
        made.when = {config::Condition{.status = {{400, 400}}}};
        made.then = then;
        made.scope = scope;
        shared.config.source.response.rules = {made};
    }
};

TEST_F(SplitTest, ATotalAboveMaxRowsEndsPage1WithTheHalvesAndStoresNothing) {
    slice_by_weeks();
    shared.config.source.pagination.max_rows = 3;
    transport.then_status(200, kFullPage);
    work({week(1)});
    EXPECT_EQ(setback().kind, Kind::split);
    EXPECT_THAT(setback().error, HasSubstr("a total of 4 rows is more than source.pagination.max_rows, 3"));
    EXPECT_EQ(
        setback().halves,
        R"([{"key":"week=2026-11-23..2026-11-26","params":"{\"week\":\"2026-11-23\",\"week_end\":\"2026-11-26\"}"},)"
        R"({"key":"week=2026-11-27..2026-11-29","params":"{\"week\":\"2026-11-27\",\"week_end\":\"2026-11-29\"}"}])");
    EXPECT_THAT(stored(), IsEmpty());
}

TEST_F(SplitTest, ATotalOfMaxRowsIsServed) {
    slice_by_weeks();
    shared.config.source.pagination.max_rows = 4;
    transport.then_status(200, kFullPage);
    work({week(1)});
    EXPECT_THAT(stored(), SizeIs(1));
}

TEST_F(SplitTest, WhereThereIsNothingToHalveThePageIsRefused) {
    shared.config.source.pagination.max_rows = 3;
    transport.then_status(200, kFullPage);
    work({claim(1)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(setback().error, HasSubstr("max_rows, 3: slice all: source.slices has no window"));
}

TEST_F(SplitTest, ARuleSaysSoOfAnyPage) {
    slice_by_weeks();
    rule(config::RuleAction::split);
    transport.then_status(400);
    work({week(5)});
    EXPECT_EQ(setback().kind, Kind::split);
    EXPECT_THAT(setback().error, HasSubstr("HTTP status 400"));
}

TEST_F(SplitTest, BehindTheLastPageARuleShowsNoEndAndSplitsNothing) {
    slice_by_weeks();
    rule(config::RuleAction::split);
    transport.then_status(200, kFullPage);
    transport.then_status(400);
    ledger::Claim last = proof(2, 2);
    last.slice_params = week(0).slice_params;
    work({last});
    EXPECT_THAT(setbacks, IsEmpty());
    ASSERT_THAT(proofs, SizeIs(1));
    EXPECT_THAT(proofs[0].reading.end_refused, HasSubstr("(rule: split)"));
}

TEST_F(SplitTest, AThrottleForTheSliceHoldsBackWhatIsClaimedOfItToo) {
    rule(config::RuleAction::throttle, config::ThrottleScope::slice);
    ledger::Claim other = claim(1);
    other.slice_id = 2;
    transport.then_status(400, "{}", {{"retry-after", "90"}});
    transport.then_status(200, kFullPage);
    work({claim(1), claim(2), other});
    EXPECT_THAT(transport.targets(), SizeIs(2));
    ASSERT_THAT(setbacks, SizeIs(2));
    EXPECT_EQ(setbacks[0].kind, Kind::again);
    EXPECT_TRUE(setbacks[0].whole_slice);
    EXPECT_EQ(setbacks[0].delay, std::chrono::seconds(90));
    EXPECT_EQ(setbacks[1].kind, Kind::returned);
    EXPECT_EQ(setbacks[1].delay, std::chrono::seconds(90));
    EXPECT_THAT(stored(), SizeIs(1)) << "of the other slice";

    shared.clock.advance(std::chrono::seconds(90));
    transport.then_status(200, kFullPage);
    work({claim(2)});
    EXPECT_THAT(stored(), SizeIs(1));
}

}  // namespace
}  // namespace pagehaul::engine
