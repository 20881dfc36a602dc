#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

namespace pagehaul::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const WallTime kNow = WallTime(milliseconds(1'790'000'000'500));

/// Exactly this line is in the text.
::testing::AssertionResult has(const Metrics& metrics, const std::string& line) {
    const std::string text = "\n" + metrics.text();
    if (text.find("\n" + line + "\n") != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << line << " is not in" << text;
}

TEST(Metrics, TheRunsFiguresAreGauges) {
    Metrics metrics("1.2.3");
    metrics.set_rows(RowResult::fetched, 100);
    metrics.set_rows(RowResult::stored, 97);
    metrics.set_rows(RowResult::quarantined, 2);
    metrics.set_rows(RowResult::duplicate, 1);
    metrics.set_pages(PageResult::planned, 10);
    metrics.set_pages(PageResult::stored, 1);
    metrics.set_slices(SliceResult::planned, 3);
    metrics.set_slices(SliceResult::proven, 2);
    metrics.set_slices(SliceResult::failed, 1);
    metrics.set_watermark(kNow);
    metrics.retried();
    EXPECT_TRUE(has(metrics, "pagehaul_rows{result=\"fetched\"} 100"));
    EXPECT_TRUE(has(metrics, "pagehaul_rows{result=\"stored\"} 97"));
    EXPECT_TRUE(has(metrics, "pagehaul_rows{result=\"quarantined\"} 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_rows{result=\"duplicate\"} 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_quarantined_rows 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_pages{result=\"planned\"} 10"));
    EXPECT_TRUE(has(metrics, "pagehaul_pages{result=\"stored\"} 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_slices{result=\"planned\"} 3"));
    EXPECT_TRUE(has(metrics, "pagehaul_slices{result=\"proven\"} 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_slices{result=\"failed\"} 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_source_watermark_timestamp_seconds 1790000000.5"));
    EXPECT_TRUE(has(metrics, "pagehaul_retries 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_build_info{version=\"1.2.3\"} 1"));
    EXPECT_TRUE(has(metrics, "# TYPE pagehaul_rows gauge"));
}

TEST(Metrics, WhatTheLedgerHasNotToldYetDoesNotExistSoThatTheGatewayKeepsWhatItHas) {
    Metrics metrics("1");
    metrics.run_started(kNow);
    for (const char* name : {"rows", "quarantined_rows", "pages", "slices", "completeness_ratio",
                             "source_watermark_timestamp_seconds"})
        EXPECT_THAT(metrics.text(), Not(HasSubstr("pagehaul_" + std::string(name)))) << name;
}

TEST(Metrics, WhatIsThisProcesssOwnExistsFromTheStartSoThatNoOlderValueStays) {
    const Metrics metrics("1");
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"200\"} 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_retries 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_push_failures 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_request_duration_seconds_count 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_commit_duration_seconds_count 0"));
}

TEST(Metrics, SettingsAndLimitsExistOnlyWhereThereAreSome) {
    Metrics metrics("1");
    for (const char* name :
         {"expected_interval_seconds", "run_deadline_seconds", "memory_limit_bytes", "memory_resident_bytes"})
        EXPECT_THAT(metrics.text(), Not(HasSubstr("pagehaul_" + std::string(name)))) << name;
    metrics.set_expected_interval(std::chrono::hours(24));
    metrics.set_run_deadline(milliseconds(1'500));
    metrics.set_memory_limit(128LL << 20U);
    metrics.set_memory_resident(30LL << 20U);
    EXPECT_TRUE(has(metrics, "pagehaul_expected_interval_seconds 86400"));
    EXPECT_TRUE(has(metrics, "pagehaul_run_deadline_seconds 1.5"));
    EXPECT_TRUE(has(metrics, "pagehaul_memory_limit_bytes 134217728"));
    EXPECT_TRUE(has(metrics, "pagehaul_memory_resident_bytes 31457280"));
    EXPECT_THAT(metrics.text(Whose::all, 3), HasSubstr("\npagehaul_push_failures 3\n"));
    EXPECT_THAT(metrics.text(Whose::run, 3), Not(HasSubstr("push_failures")));
}

TEST(Metrics, CountsRequestsByStatus) {
    Metrics metrics("1");
    metrics.request_done(200, milliseconds(80));
    metrics.request_done(200, milliseconds(80));
    metrics.request_done(429, milliseconds(1));
    metrics.request_done(0, seconds(30));
    metrics.request_done(9999, seconds(1));
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"200\"} 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"429\"} 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"none\"} 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_request_duration_seconds_bucket{le=\"0.1\"} 3"));
    EXPECT_TRUE(has(metrics, "pagehaul_request_duration_seconds_count 4"));
}

TEST(Metrics, LastSuccessExistsOnlyAfterASuccess) {
    Metrics failed("1");
    failed.run_started(kNow);
    EXPECT_THAT(failed.text(), Not(HasSubstr("pagehaul_last_success_timestamp_seconds")));
    EXPECT_THAT(failed.text(), Not(HasSubstr("pagehaul_last_run_exit_code")));
    failed.run_ended(kNow, seconds(12), ExitCode::unavailable);
    EXPECT_THAT(failed.text(), Not(HasSubstr("pagehaul_last_success_timestamp_seconds")));
    EXPECT_TRUE(has(failed, "pagehaul_last_run_success 0"));
    EXPECT_TRUE(has(failed, "pagehaul_last_run_exit_code 69"));
    EXPECT_TRUE(has(failed, "pagehaul_last_run_duration_seconds 12"));

    Metrics succeeded("1");
    succeeded.run_ended(kNow, seconds(12), ExitCode::ok);
    EXPECT_TRUE(has(succeeded, "pagehaul_last_success_timestamp_seconds 1790000000.5"));
    EXPECT_TRUE(has(succeeded, "pagehaul_last_run_timestamp_seconds 1790000000.5"));
    EXPECT_TRUE(has(succeeded, "pagehaul_last_run_success 1"));
    EXPECT_TRUE(has(succeeded, "pagehaul_last_run_exit_code 0"));
}

TEST(Metrics, ARunThatHadNothingToPullIsNeitherASuccessNorAFailure) {
    Metrics metrics("1");
    metrics.run_ended(kNow, seconds(1), ExitCode::ok, true);
    EXPECT_TRUE(has(metrics, "pagehaul_last_run_exit_code 0"));
    EXPECT_THAT(metrics.text(), Not(HasSubstr("pagehaul_last_success_timestamp_seconds")));
    EXPECT_THAT(metrics.text(), Not(HasSubstr("pagehaul_last_run_success ")));
}

TEST(Metrics, ARunIsInProgressUntilItEndsAndThenNothingIsUnderWay) {
    Metrics metrics("1");
    metrics.run_started(kNow);
    metrics.set_in_flight(7, 16);
    metrics.set_queue_depth(3);
    metrics.set_buffer_bytes(4096);
    EXPECT_TRUE(has(metrics, "pagehaul_run_in_progress 1"));
    metrics.run_ended(kNow, seconds(12), ExitCode::ok);
    EXPECT_TRUE(has(metrics, "pagehaul_run_in_progress 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests_in_flight 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_queue_depth 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_buffer_bytes 0"));
}

TEST(Metrics, EachProcessAtWorkHasItsSeriesAndOneThatHasLeftHasNone) {
    Metrics metrics("1");
    metrics.set_processes({{.name = "pod-a", .pages = 7, .rows = 70, .in_flight = 3}, {.name = "pod-b"}});
    EXPECT_TRUE(has(metrics, "pagehaul_processes 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_worker_pages{worker=\"pod-a\"} 7"));
    EXPECT_TRUE(has(metrics, "pagehaul_worker_rows{worker=\"pod-a\"} 70"));
    EXPECT_TRUE(has(metrics, "pagehaul_worker_requests_in_flight{worker=\"pod-a\"} 3"));
    EXPECT_TRUE(has(metrics, "pagehaul_worker_pages{worker=\"pod-b\"} 0"));
    metrics.set_processes({{.name = "pod-b", .in_flight = 2}});
    EXPECT_TRUE(has(metrics, "pagehaul_processes 1"));
    EXPECT_THAT(metrics.text(), Not(HasSubstr("pod-a")));
    metrics.run_ended(kNow, seconds(12), ExitCode::ok);
    EXPECT_TRUE(has(metrics, "pagehaul_processes 0"));
    EXPECT_TRUE(has(metrics, "pagehaul_worker_requests_in_flight{worker=\"pod-b\"} 0"));
}

TEST(Metrics, TheQueueIsWhatWaitsAndWhatIsInHands) {
    Metrics metrics("1");
    metrics.set_queue(12, 3, milliseconds(1500));
    EXPECT_TRUE(has(metrics, "pagehaul_queue_pages{state=\"pending\"} 12"));
    EXPECT_TRUE(has(metrics, "pagehaul_queue_pages{state=\"leased\"} 3"));
    EXPECT_TRUE(has(metrics, "pagehaul_queue_oldest_due_age_seconds 1.5"));
}

TEST(Metrics, WhoEndsARunThatAnotherPushedSaysNothingOfItself) {
    Metrics metrics("1");
    metrics.set_pages(PageResult::stored, 5);
    metrics.run_ended(kNow, seconds(12), ExitCode::ok);
    const std::string told = metrics.text(Whose::run);
    EXPECT_THAT(told, HasSubstr("pagehaul_last_run_success 1"));
    EXPECT_THAT(told, HasSubstr("pagehaul_pages{result=\"stored\"} 5"));
    for (const char* own :
         {"pagehaul_requests", "pagehaul_workers", "pagehaul_buffer_bytes", "_duration_seconds_sum"})
        EXPECT_THAT(told, Not(HasSubstr(own))) << own;
}

TEST(Metrics, ARunThatNobodySawHasNoDuration) {
    Metrics metrics("1");
    metrics.run_ended(kNow, std::nullopt, ExitCode::ok);
    EXPECT_TRUE(has(metrics, "pagehaul_last_success_timestamp_seconds 1790000000.5"));
    EXPECT_THAT(metrics.text(), Not(HasSubstr("pagehaul_last_run_duration_seconds")));
}

TEST(Metrics, WhatIsSetTwiceHasTheLastValue) {
    Metrics metrics("1");
    metrics.set_completeness(0.5);
    metrics.set_completeness(1);
    metrics.set_sizing("cpus", 2);
    metrics.set_sizing("cpus", 0.5);
    metrics.set_workers(32, 2);
    metrics.set_in_flight(7, 16);
    metrics.set_queue_depth(3);
    metrics.set_buffer_bytes(4096);
    EXPECT_TRUE(has(metrics, "pagehaul_completeness_ratio 1"));
    EXPECT_TRUE(has(metrics, "pagehaul_sizing{name=\"cpus\"} 0.5"));
    EXPECT_TRUE(has(metrics, "pagehaul_workers{kind=\"fetch\"} 32"));
    EXPECT_TRUE(has(metrics, "pagehaul_workers{kind=\"write\"} 2"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests_in_flight 7"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests_in_flight_limit 16"));
    EXPECT_TRUE(has(metrics, "pagehaul_queue_depth 3"));
    EXPECT_TRUE(has(metrics, "pagehaul_buffer_bytes 4096"));
}

TEST(Metrics, NoSampleHasATimestamp) {
    Metrics metrics("1");
    metrics.request_done(200, milliseconds(1));
    metrics.run_ended(kNow, seconds(1), ExitCode::ok);
    std::istringstream text(metrics.text());
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with('#')) continue;
        EXPECT_EQ(line.find(' '), line.rfind(' ')) << line;
    }
}

TEST(Metrics, ManyThreadsLoseNothing) {
    Metrics metrics("1");
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 500; ++i) {
                    metrics.request_done(i % 2 == 0 ? 200 : 500 + t, milliseconds(i));
                    metrics.retried();
                    metrics.commit_done(milliseconds(i));
                    if (i % 100 == 0) {
                        EXPECT_FALSE(metrics.text().empty());
                    }
                }
            });
        }
    }
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"200\"} 1000"));
    EXPECT_TRUE(has(metrics, "pagehaul_requests{code=\"503\"} 250"));
    EXPECT_TRUE(has(metrics, "pagehaul_retries 2000"));
    EXPECT_TRUE(has(metrics, "pagehaul_commit_duration_seconds_count 2000"));
}

}  // namespace
}  // namespace pagehaul::telemetry
