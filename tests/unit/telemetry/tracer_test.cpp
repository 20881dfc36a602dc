#include "telemetry/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include <nlohmann/json.hpp>

#include "fake_transport.h"
#include "manual_clock.h"

namespace pagehaul::telemetry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::UnorderedElementsAre;

TraceSettings set(void (*change)(TraceSettings& of)) {
    TraceSettings settings;
    change(settings);
    return settings;
}

struct Tracing {
    explicit Tracing(TraceSettings settings = {}) {
        auto owned = std::make_unique<FakeTransport>([this](std::stop_token) {
            ++requests;
            return FakeTransport::status(200);
        });
        transport = owned.get();
        tracer = std::make_unique<Tracer>(
            settings,
            Tracer::Parts{
                .transport = std::move(owned), .source_url = "https://api.test:8443/x", .redact = {}},
            clock, random);
    }
    JobTrace job(std::int64_t page_id = 1, std::int64_t page = 7, int attempt = 1) {
        return tracer->job(
            {.page_id = page_id, .slice_id = 3, .slice = slice, .pass = 1, .page = page, .attempt = attempt});
    }
    /// All spans by their names; of several with one name the last.
    std::map<std::string, json> ended(const std::string& error_type = "") {
        tracer->end_run(error_type, "why", clock.now() + std::chrono::seconds(1));
        tracer->finish();
        std::map<std::string, json> found;
        for (const auto& sent : transport->sent()) {
            const json body = json::parse(sent.request.body);
            for (const json& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
                found[span["name"]] = span;
                ++count;
            }
        }
        return found;
    }
    /// The traceparent header of a request that `job` sends.
    static std::optional<std::string> sent_by(JobTrace& job) {
        http::Request request;
        job.sends(request);
        if (request.headers.empty()) return std::nullopt;
        EXPECT_EQ(request.headers.front().first, "traceparent");
        return request.headers.front().second;
    }
    static json fact(const json& span, const std::string& key) {
        for (const json& attribute : span["attributes"]) {
            if (attribute["key"] == key) return attribute["value"].front();
        }
        return nullptr;
    }

    pagehaul::testing::ManualClock clock;
    pagehaul::testing::FixedRandom random{0.3};
    std::atomic<int> requests{0};
    FakeTransport* transport = nullptr;  ///< the tracer's, which drops it when it records nothing
    std::unique_ptr<Tracer> tracer;
    const std::string slice = "day=1";
    int count = 0;
};

std::int64_t lasted(const json& span) {
    return std::stoll(span["endTimeUnixNano"].get<std::string>()) -
           std::stoll(span["startTimeUnixNano"].get<std::string>());
}

TEST(Tracer, ARunAndItsSlicesHangTogether) {
    Tracing it;
    it.tracer->slice_claimed(3, it.slice);
    it.tracer->slice_claimed(3, it.slice);
    it.job().outcome("fetched");
    it.tracer->slice_ended(it.slice, SliceEnd::proven, {});
    const auto spans = it.ended();
    EXPECT_EQ(it.count, 3) << "a slice begins once";
    EXPECT_FALSE(spans.at("run").contains("parentSpanId"));
    EXPECT_EQ(spans.at("slice")["parentSpanId"], spans.at("run")["spanId"]);
    EXPECT_EQ(spans.at("page")["parentSpanId"], spans.at("slice")["spanId"]);
    for (const auto& [name, span] : spans)
        EXPECT_EQ(span["traceId"], hex(it.tracer->trace())) << name;
}

TEST(Tracer, ASliceOfAStreamAndItsPagesNameIt) {
    Tracing it;
    it.tracer->slice_claimed(3, "orders/day=1", "orders");
    it.tracer->job({.page_id = 1, .slice_id = 3, .slice = "orders/day=1", .stream = "orders", .page = 7})
        .outcome("fetched");
    const auto spans = it.ended();
    for (const char* span : {"slice", "page"})
        EXPECT_EQ(Tracing::fact(spans.at(span), "pagehaul.stream"), "orders") << span;
    Tracing alone;
    alone.tracer->slice_claimed(3, alone.slice);
    EXPECT_EQ(Tracing::fact(alone.ended().at("slice"), "pagehaul.stream"), nullptr);
}

TEST(Tracer, TheStepsOfARequestFollowOneAnother) {
    Tracing it;
    {
        auto job = it.job(1, 7, 3);
        job.waits();
        it.clock.advance(milliseconds(5));
        http::Request request{.target = "/rows?token=secret"};
        job.sends(request);
        it.clock.advance(milliseconds(20));
        job.answered(
            http::Response{.status = 200, .headers = {}, .body = http::Body::of(std::string(1234, ' '))});
        it.clock.advance(milliseconds(1));
        job.decoded();
        it.clock.advance(milliseconds(4));
        job.outcome("fetched");
    }
    const auto spans = it.ended();
    EXPECT_EQ(lasted(spans.at("wait")), 5'000'000);
    EXPECT_EQ(lasted(spans.at("fetch")), 20'000'000);
    EXPECT_EQ(lasted(spans.at("decode")), 1'000'000);
    EXPECT_EQ(lasted(spans.at("page")), 30'000'000);
    for (const char* step : {"wait", "fetch", "decode"})
        EXPECT_EQ(spans.at(step)["parentSpanId"], spans.at("page")["spanId"]) << step;
    const json& fetch = spans.at("fetch");
    EXPECT_EQ(Tracing::fact(fetch, "url.path"), "/rows");
    EXPECT_EQ(Tracing::fact(fetch, "server.address"), "api.test");
    EXPECT_EQ(Tracing::fact(fetch, "server.port"), "8443");
    EXPECT_EQ(Tracing::fact(fetch, "http.request.resend_count"), "2");
    EXPECT_EQ(Tracing::fact(fetch, "http.response.status_code"), "200");
    EXPECT_EQ(Tracing::fact(fetch, "http.response.body.size"), "1234");
    EXPECT_FALSE(fetch.contains("status"));
}

TEST(Tracer, AStepThatIsCutShortEndsWithItsJob) {
    Tracing it;
    {
        auto job = it.job(1, 0);
        http::Request request;
        job.sends(request);
        it.clock.advance(milliseconds(7));
        job.answered(fail(ErrorKind::transient, "", "connection reset"));
    }
    const auto spans = it.ended();
    EXPECT_EQ(lasted(spans.at("fetch")), 7'000'000);
    EXPECT_EQ(spans.at("fetch")["status"]["message"], "connection reset");
    EXPECT_EQ(Tracing::fact(spans.at("fetch"), "error.type"), "transient");
    EXPECT_TRUE(spans.contains("proof")) << "the job of page 0";
}

TEST(Tracer, TheLastWordOnAJobCounts) {
    Tracing it;
    {
        auto job = it.job();
        job.outcome("fetched");
        job.outcome("to be retried", "transient", "because");
        job.retried(Millis{250}, true);
    }
    const json page = it.ended().at("page");
    EXPECT_EQ(Tracing::fact(page, "pagehaul.outcome"), "to be retried");
    EXPECT_EQ(page["status"]["message"], "because");
    EXPECT_EQ(page["events"][0]["name"], "retry");
}

TEST(Tracer, APageThatIsNotSampledIsNoJob) {
    Tracing it(set([](TraceSettings& of) { of.sampling = 0; }));
    JobTrace job = it.job();
    EXPECT_EQ(job.span(), 0U);
    EXPECT_FALSE(Tracing::sent_by(job));
    it.tracer->commit({0, 0}).stored(2, 10);
    EXPECT_EQ(it.ended().size(), 1U) << "the run";
}

TEST(Tracer, ThePropagatedSpanIsTheRequestsOwn) {
    Tracing it(set([](TraceSettings& of) { of.propagate = true; }));
    std::optional<std::string> sent;
    {
        auto job = it.job();
        sent = Tracing::sent_by(job);
    }
    const json fetch = it.ended().at("fetch");
    EXPECT_EQ(sent, "00-" + hex(it.tracer->trace()) + "-" + fetch["spanId"].get<std::string>() + "-01");
}

TEST(Tracer, WhatIsNotRecordedIsPropagatedAsNotSampled) {
    Tracing unsampled(set([](TraceSettings& of) {
        of.sampling = 0;
        of.propagate = true;
    }));
    JobTrace job = unsampled.job();
    EXPECT_THAT(Tracing::sent_by(job).value(), ::testing::EndsWith("-00"));
    EXPECT_EQ(job.span(), 0U);
    Tracing off(set([](TraceSettings& of) {
        of.recording = false;
        of.propagate = true;
    }));
    JobTrace unrecorded = off.job();
    EXPECT_THAT(Tracing::sent_by(unrecorded).value(), ::testing::EndsWith("-00"));
    off.tracer->slice_claimed(3, off.slice);
    // The tracer has no use for its transport then.
    off.tracer->end_run("", "", off.clock.now() + std::chrono::seconds(1));
    off.tracer->finish();
    EXPECT_EQ(off.requests, 0);
}

TEST(Tracer, WithoutPropagationNoRequestCarriesTheTrace) {
    Tracing it;
    JobTrace job = it.job();
    EXPECT_FALSE(Tracing::sent_by(job));
}

TEST(Tracer, TheEnvironmentsParentIsTheRunsParent) {
    Tracing it(set([](TraceSettings& of) {
        of.parent = TraceParent{.trace = {.high = 1, .low = 2}, .span = 3, .sampled = true};
    }));
    const json run = it.ended().at("run");
    EXPECT_EQ(run["traceId"], "00000000000000010000000000000002");
    EXPECT_EQ(run["parentSpanId"], "0000000000000003");
}

TEST(Tracer, ACommitLinksToThePagesThatAreRecorded) {
    Tracing it;
    {
        auto commit = it.tracer->commit({0, 5, 0, 6});
        it.clock.advance(milliseconds(3));
    }
    const auto spans = it.ended();
    const json& commit = spans.at("commit");
    EXPECT_EQ(commit["parentSpanId"], spans.at("run")["spanId"]);
    EXPECT_EQ(lasted(commit), 3'000'000);
    EXPECT_EQ(Tracing::fact(commit, "pagehaul.pages"), "4");
    EXPECT_THAT((std::vector<json>{commit["links"][0]["spanId"], commit["links"][1]["spanId"]}),
                UnorderedElementsAre("0000000000000005", "0000000000000006"));
}

TEST(Tracer, ACommitThatFailedEndsThere) {
    Tracing it;
    {
        auto commit = it.tracer->commit({5});
        commit.failed({ErrorKind::data, "", "duplicate key"}, "23505");
        it.clock.advance(milliseconds(3));
    }
    const json commit = it.ended().at("commit");
    EXPECT_EQ(lasted(commit), 0) << "the pause after it is not its own";
    EXPECT_EQ(Tracing::fact(commit, "error.type"), "23505");
}

TEST(Tracer, WhatIsOpenAtTheEndEndsWithTheRun) {
    Tracing it;
    it.tracer->slice_claimed(3, it.slice);
    it.tracer->slice_moved(it.slice, 1, "the total changed");
    const auto spans = it.ended("exit_69");
    EXPECT_EQ(Tracing::fact(spans.at("slice"), "pagehaul.outcome"), "left open");
    EXPECT_EQ(spans.at("slice")["events"][0]["name"], "the API moved");
    EXPECT_EQ(Tracing::fact(spans.at("run"), "error.type"), "exit_69");
    EXPECT_EQ(spans.at("run")["status"]["message"], "why");
    it.tracer->slice_claimed(4, "late");
    EXPECT_EQ(it.ended().size(), 2U) << "and nothing after";
}

TEST(Tracer, AFailedSliceSaysWhy) {
    Tracing it;
    it.tracer->slice_claimed(3, it.slice);
    it.tracer->slice_ended(it.slice, SliceEnd::failed, "it moves for ever");
    it.tracer->slice_ended("never claimed here", SliceEnd::failed, "");
    EXPECT_EQ(it.ended().at("slice")["status"]["message"], "it moves for ever");
}

}  // namespace
}  // namespace pagehaul::telemetry
