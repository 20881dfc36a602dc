#include "engine/tell/verdict.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pagehaul::engine {
namespace {

ledger::RunState succeeded() {
    ledger::RunState state;
    state.status = ledger::RunStatus::succeeded;
    state.slices_proven = 1;
    state.proof = "counts";
    return state;
}

ledger::RunState with_refused_page() {
    ledger::RunState state;
    state.pages_refused = 1;
    return state;
}

TEST(Verdict, IsSuccessOnlyWhenTheLedgerSaysSo) {
    EXPECT_EQ(judge_run(StopCause::none, "", succeeded()).code, ExitCode::ok);
    EXPECT_NE(judge_run(StopCause::none, "", ledger::RunState{}).code, ExitCode::ok);
}

TEST(Verdict, ClaimsNoMoreThanWasShown) {
    ledger::RunState state = succeeded();
    EXPECT_EQ(judge_run(StopCause::none, "", state).reason,
              "every page stored, completeness proven by counts");
    state.proof = "pages";
    EXPECT_EQ(judge_run(StopCause::none, "", state).reason, "every page stored, completeness shown by pages");
    state.proof = "counts, end not shown";
    state.slices_proven = 3;
    state.slices_end_not_shown = 2;
    state.end_refused = "all, page 11, behind the last one, is refused: HTTP status 400";
    const Verdict verdict = judge_run(StopCause::none, "", state);
    EXPECT_EQ(verdict.code, ExitCode::ok);
    EXPECT_EQ(verdict.reason,
              "every page that was told is stored, the counts agree, the end of 2 of 3 slices is not shown: "
              "all, page 11, behind the last one, is refused: HTTP status 400");
}

TEST(Verdict, OfASignalAfterTheSuccessIsSuccess) {
    EXPECT_EQ(judge_run(StopCause::sigterm, "SIGTERM", succeeded()).code, ExitCode::ok);
    EXPECT_EQ(judge_run(StopCause::deadline, "", succeeded()).code, ExitCode::ok);
}

TEST(Verdict, OfASkippedStartIsNoSuccess) {
    const Verdict verdict = busy(IfBusy::skip, StopCause::none, "run 1 holds the pipeline");
    EXPECT_EQ(verdict.code, ExitCode::ok);
    EXPECT_EQ(verdict.word, "skipped");
    EXPECT_TRUE(verdict.nothing_due);
    EXPECT_EQ(verdict.reason, "run 1 holds the pipeline: nothing was asked for, nothing is stored");
}

TEST(Verdict, OfAStartThatIsToFailBesideAnotherRunIsIncompleteAndNamesIt) {
    const Verdict verdict = busy(IfBusy::fail, StopCause::sigterm, "run 1 holds the pipeline");
    EXPECT_EQ(verdict.code, ExitCode::incomplete);
    EXPECT_EQ(verdict.reason, "run 1 holds the pipeline");
}

TEST(Verdict, OfAWaitForAnotherRunIsWhatEndedIt) {
    const auto code = [](StopCause cause) { return busy(IfBusy::wait, cause, "run 1").code; };
    EXPECT_EQ(code(StopCause::sigterm), ExitCode::terminated);
    EXPECT_EQ(code(StopCause::sigint), ExitCode::interrupted);
    EXPECT_EQ(code(StopCause::bug), ExitCode::bug);
    const Verdict late = busy(IfBusy::wait, StopCause::deadline, "run 1 holds the pipeline");
    EXPECT_EQ(late.code, ExitCode::incomplete);
    EXPECT_EQ(late.reason,
              "run.deadline was reached while another run was waited for: run 1 holds the pipeline");
}

TEST(Verdict, OfARunWithoutSlicesIsNothingDueAndNoSuccess) {
    ledger::RunState empty = succeeded();
    empty.slices_proven = 0;
    for (const StopCause cause : {StopCause::none, StopCause::sigterm}) {
        const Verdict verdict = judge_run(cause, "", empty);
        EXPECT_EQ(verdict.code, ExitCode::ok);
        EXPECT_EQ(verdict.word, "nothing due");
        EXPECT_TRUE(verdict.nothing_due);
    }
    EXPECT_FALSE(judge_run(StopCause::none, "", succeeded()).nothing_due);
}

TEST(Verdict, NamesTheSignalThatStoppedAnUnfinishedRun) {
    EXPECT_EQ(judge_run(StopCause::sigterm, "SIGTERM", with_refused_page()).code, ExitCode::terminated);
    EXPECT_EQ(judge_run(StopCause::sigint, "SIGINT", with_refused_page()).code, ExitCode::interrupted);
}

TEST(Verdict, OfADeadlineOrALostLockIsIncomplete) {
    EXPECT_EQ(judge_run(StopCause::deadline, "", with_refused_page()).code, ExitCode::incomplete);
    EXPECT_EQ(judge_run(StopCause::lost, "", ledger::RunState{}).code, ExitCode::incomplete);
}

TEST(Verdict, PutsCredentialAndConfigBeforeData) {
    EXPECT_EQ(judge_run(StopCause::credential, "401", with_refused_page()).code, ExitCode::credential);
    EXPECT_EQ(judge_run(StopCause::config, "no such table", with_refused_page()).code, ExitCode::config);
}

TEST(Verdict, OfABugIsNeverSuccess) {
    EXPECT_EQ(judge_run(StopCause::bug, "boom", succeeded()).code, ExitCode::bug);
}

TEST(Verdict, PutsRefusedPagesBeforeUnavailableOnes) {
    ledger::RunState state = with_refused_page();
    state.pages_unavailable = 5;
    EXPECT_EQ(judge_run(StopCause::none, "", state).code, ExitCode::data);
    state.pages_refused = 0;
    EXPECT_EQ(judge_run(StopCause::none, "", state).code, ExitCode::unavailable);
}

TEST(Verdict, OfAFailedSliceSaysWhichAndWhy) {
    ledger::RunState state;
    state.slices_failed = 1;
    state.failures = {"date=2026-11-01: the total told is 10, 9 distinct keys were stored"};
    const Verdict verdict = judge_run(StopCause::none, "", state);
    EXPECT_EQ(verdict.code, ExitCode::data);
    EXPECT_EQ(verdict.reason, state.failures.front());
}

TEST(TerminationMessage, IsOneLineOfJsonThatKubernetesDoesNotCut) {
    Verdict verdict{ExitCode::data, "failed", std::string(10'000, 'x')};
    const std::string line =
        termination_message(verdict, "p", 7, ledger::RunState{}, std::chrono::milliseconds(1500));
    EXPECT_LE(line.size(), 4096U);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["exit_code"], 65);
    EXPECT_EQ(json["run"], 7);
    EXPECT_DOUBLE_EQ(json["seconds"], 1.5);
}

TEST(TerminationMessage, SurvivesBytesThatAreNotUtf8) {
    const Verdict verdict{ExitCode::data, "failed", "bad \xff byte"};
    EXPECT_NO_THROW(termination_message(verdict, "p", 1, ledger::RunState{}, {}));
}

TEST(Verdict, OfASuccessNamesWhatOlderRunsLeftBesideIt) {
    ledger::RunState state;
    state.status = ledger::RunStatus::succeeded;
    state.slices_proven = 1;
    state.proof = "counts";
    state.slices_left = 2;
    state.left = {"date=2026-10-01, left by run 3: page 1: 404", "another"};
    const Verdict verdict = judge_run(StopCause::none, "", state);
    EXPECT_EQ(verdict.code, ExitCode::ok);
    EXPECT_EQ(
        verdict.reason,
        "every page stored, completeness proven by counts; 2 slices of older runs are still not pulled: "
        "date=2026-10-01, left by run 3: page 1: 404");
}

}  // namespace
}  // namespace pagehaul::engine
