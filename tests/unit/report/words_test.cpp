#include "report/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_samples.h"

namespace pagehaul::report {
namespace {

using testing::ended_with;
using testing::good_run;
using ::testing::HasSubstr;
using ::testing::Not;
using Tone = Words::Tone;

TEST(Words, OfACompleteRun) {
    const Words words = words_for(good_run());
    EXPECT_EQ(words.tone, Tone::good);
    EXPECT_THAT(words.headline, HasSubstr("nothing is missing"));
    EXPECT_EQ(words.exit_code, 0);
}

TEST(Words, NeverClaimMoreThanWasShown) {
    RunReport report = good_run();
    report.totals.proven_by_pages = 1;
    EXPECT_THAT(words_for(report).meaning, HasSubstr("not by a count of rows"));
    EXPECT_THAT(words_for(good_run()).meaning, Not(HasSubstr("not by a count of rows")));
}

TEST(Words, OfARunWithoutSlicesDoNotCallItComplete) {
    RunReport report = good_run();
    report.totals = {};
    const Words words = words_for(report);
    EXPECT_EQ(words.tone, Tone::careful);
    EXPECT_EQ(words.headline, "Nothing was due");
    EXPECT_EQ(words.exit_code, 0);
}

TEST(Words, DoNotCallCompleteWhatHasNoEndThatWasShown) {
    RunReport report = good_run();
    report.totals.end_not_shown = 1;
    for (const std::int64_t quarantined : {0, 3}) {
        report.totals.done.quarantined = quarantined;
        const Words words = words_for(report);
        EXPECT_EQ(words.tone, Tone::careful);
        EXPECT_THAT(words.headline, HasSubstr("the end is not shown"));
        EXPECT_THAT(words.headline, Not(HasSubstr("Complete")));
        EXPECT_THAT(words.next, HasSubstr("write the rule"));
    }
}

TEST(Words, OfACompleteRunWithQuarantineAskToLookAtIt) {
    RunReport report = good_run();
    report.totals.done.quarantined = 3;
    const Words words = words_for(report);
    EXPECT_EQ(words.tone, Tone::careful);
    EXPECT_THAT(words.headline, HasSubstr("3 rows in quarantine"));
    EXPECT_THAT(words.next, HasSubstr("pagehaul retry"));
}

TEST(Words, TheLedgersStateComesBeforeAnEarlierWord) {
    RunReport report = good_run();
    report.run.verdict->exit_code = 143;
    report.run.processes.back().settled = false;
    EXPECT_EQ(words_for(report).exit_code, 0);
}

struct Ending {
    int code;
    Tone tone;
    const char* headline;
    const char* next;
};
class Endings : public ::testing::TestWithParam<Ending> {};

TEST_P(Endings, SayWhatItMeansAndWhatToDo) {
    const Words words = words_for(ended_with(GetParam().code, "because"));
    EXPECT_EQ(words.tone, GetParam().tone);
    EXPECT_EQ(words.exit_code, GetParam().code);
    EXPECT_THAT(words.headline, HasSubstr(GetParam().headline));
    EXPECT_THAT(words.next, HasSubstr(GetParam().next));
    EXPECT_EQ(words.reason, "because");
    EXPECT_FALSE(words.meaning.empty());
}

INSTANTIATE_TEST_SUITE_P(OfEachExitCode, Endings,
                         ::testing::Values(Ending{65, Tone::bad, "data was refused", "pagehaul retry"},
                                           Ending{69, Tone::careful, "not available", "pagehaul run"},
                                           Ending{70, Tone::bad, "a bug", "report it"},
                                           Ending{75, Tone::careful, "time was over", "pagehaul run"},
                                           Ending{77, Tone::bad, "credentials", "Renew the secret"},
                                           Ending{78, Tone::bad, "config", "pagehaul check"},
                                           Ending{130, Tone::careful, "SIGINT", "pagehaul run"},
                                           Ending{143, Tone::careful, "SIGTERM", "pagehaul run"}),
                         [](const auto& param_info) {
                             return "Exit" + std::to_string(param_info.param.code);
                         });

TEST(Words, OfARunThatIsAtWorkPromiseNothing) {
    RunReport report = ended_with(143);
    report.run.processes.push_back({.host = "node-2",
                                    .pid = 2,
                                    .started = report.made,
                                    .last_seen = report.made,
                                    .settled = false,
                                    .alive = true});
    const Words words = words_for(report);
    EXPECT_EQ(words.tone, Tone::busy);
    EXPECT_EQ(words.headline, "Still running");
    EXPECT_FALSE(words.exit_code.has_value());
}

TEST(Words, OfAProcessThatWasKilledAreNotThoseOfTheOneBefore) {
    RunReport report = ended_with(143);
    const EpochMs later = report.run.processes.back().last_seen + 1'000;
    report.run.processes.push_back(
        {.host = "node-2", .pid = 2, .started = later, .last_seen = later, .settled = false, .alive = false});
    const Words words = words_for(report);
    EXPECT_EQ(words.headline, "Ended without a word");
    EXPECT_FALSE(words.exit_code.has_value());
}

TEST(Words, OfARunThatNobodyEndedAreTheSame) {
    RunReport report = ended_with(143);
    report.run.verdict.reset();
    EXPECT_EQ(words_for(report).headline, "Ended without a word");
    report.run.processes.clear();
    EXPECT_EQ(words_for(report).headline, "Ended without a word");
}

TEST(Words, OfASupersededRunNameItsSuccessor) {
    RunReport report = good_run();
    report.run.state = RunFacts::State::superseded;
    report.run.successor = 9;
    EXPECT_THAT(words_for(report).headline, HasSubstr("run 9 has taken over"));
    report.run.successor.reset();
    EXPECT_THAT(words_for(report).headline, HasSubstr("a newer run has taken over"));
}

TEST(Missing, IsCountedInTheUnitThatWasTold) {
    const Counts done{.pages = 3, .fetched = 290, .stored = 280, .quarantined = 6, .duplicates = 4};
    EXPECT_EQ(missing(Told::rows, 300, done), 10);
    EXPECT_EQ(missing(Told::pages, 4, done), 1);
    EXPECT_EQ(missing(Told::rows, {}, done), std::nullopt);
    EXPECT_EQ(missing(Told::nothing, 300, done), std::nullopt);
    EXPECT_EQ(missing(Told::rows, 289, done), -1) << "more than told";
}

}  // namespace
}  // namespace pagehaul::report
