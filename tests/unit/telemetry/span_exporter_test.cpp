#include "telemetry/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <nlohmann/json.hpp>
#include <utility>

#include "fake_transport.h"
#include "log/log.h"
#include "manual_clock.h"

namespace pagehaul::telemetry {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Answer = std::function<Result<http::Response>(std::stop_token)>;
using Importance = SpanQueue::Importance;

std::vector<Span> spans(std::size_t count) {
    std::vector<Span> made;
    for (std::size_t i = 1; i <= count; ++i)
        made.push_back({.name = "page", .id = i, .parent = 0, .start = MonoTime{}, .end = MonoTime{}});
    return made;
}

Answer always(int status) {
    return [status](std::stop_token) { return FakeTransport::status(status); };
}

/// The first answers in order, then 200.
Answer first(std::vector<int> statuses) {
    return [left = std::make_shared<std::vector<int>>(std::move(statuses))](std::stop_token) {
        if (left->empty()) return FakeTransport::status(200, "{}");
        const int status = left->front();
        left->erase(left->begin());
        return FakeTransport::status(status, "why");
    };
}

Result<http::Response> hang(std::stop_token cancel) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, cancel, [] { return false; });
    return fail(ErrorKind::cancelled, "", "cancelled");
}

struct Exporting {
    explicit Exporting(Answer answer) {
        auto owned = std::make_unique<FakeTransport>(std::move(answer));
        transport = owned.get();
        TraceSettings settings;
        settings.path = "/v1/traces";
        settings.said_by = "telemetry.traces.endpoint";
        settings.headers = {{"x-key", "k"}};
        exporter = std::make_unique<SpanExporter>(settings, TraceResource{}, std::move(owned), clock, random);
        exporter->start();
    }
    void offer(std::size_t count, Importance importance = Importance::detail) {
        exporter->offer(spans(count), importance);
    }
    void finish() {
        exporter->begin_finish(clock.now() + seconds(2));
        exporter->finish();
    }
    std::vector<std::size_t> batches() const {
        std::vector<std::size_t> sizes;
        for (const auto& sent : transport->sent()) {
            const auto body = nlohmann::json::parse(sent.request.body);
            sizes.push_back(body["resourceSpans"][0]["scopeSpans"][0]["spans"].size());
        }
        return sizes;
    }
    std::string log() const {
        std::string all;
        for (const std::string& line : captured.lines())
            all += line + "\n";
        return all;
    }

    log::Capture captured;
    pagehaul::testing::ManualClock clock;
    pagehaul::testing::FixedRandom random;
    FakeTransport* transport = nullptr;
    std::unique_ptr<SpanExporter> exporter;
};

using Sizes = std::vector<std::size_t>;

TEST(SpanExporter, SendsWhatWaitsAfterFiveSecondsAsOneRequest) {
    Exporting it(always(200));
    it.clock.wait_for_sleepers();
    it.offer(3);
    EXPECT_THAT(it.batches(), IsEmpty());
    it.clock.advance(seconds(5));
    it.transport->wait_for(1);
    EXPECT_EQ(it.batches(), Sizes{3});
    const http::Request request = it.transport->sent().front().request;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/v1/traces");
    EXPECT_EQ(request.content_type, "application/json");
    EXPECT_EQ(request.headers, (http::Headers{{"x-key", "k"}}));
    EXPECT_EQ(it.transport->sent().front().deadline.when(), it.clock.now() + seconds(10));
}

TEST(SpanExporter, AFullBatchGoesAtOnce) {
    Exporting it(always(200));
    it.clock.wait_for_sleepers();
    it.offer(SpanExporter::kBatch);
    it.transport->wait_for(1);
    EXPECT_EQ(it.batches(), Sizes{SpanExporter::kBatch});
}

TEST(SpanExporter, TheEndSendsAllThatIsThere) {
    Exporting it(always(200));
    it.offer(SpanExporter::kBatch - 1);
    it.offer(2);
    it.finish();
    std::size_t sum = 0;
    for (const std::size_t size : it.batches())
        sum += size;
    EXPECT_EQ(sum, SpanExporter::kBatch + 1);
    EXPECT_EQ(it.log(), "");
}

TEST(SpanExporter, NothingToSendIsNoRequest) {
    Exporting it(always(200));
    it.finish();
    it.finish();
    EXPECT_THAT(it.batches(), IsEmpty());
}

TEST(SpanExporter, TriesAgainAfterAPause) {
    Exporting it(first({503, 503}));
    it.clock.wait_for_sleepers();
    it.offer(1);
    it.clock.advance(seconds(5));
    for (std::size_t attempt = 1; attempt <= 2; ++attempt) {
        it.transport->wait_for(attempt);
        it.clock.wait_for_sleepers();
        EXPECT_EQ(it.batches().size(), attempt);
        it.clock.advance(seconds(1));
    }
    it.transport->wait_for(3);
    it.finish();
    EXPECT_EQ(it.batches(), (Sizes{1, 1, 1}));
    EXPECT_EQ(it.log(), "");
}

TEST(SpanExporter, ATenthOfTheFailuresIsLoggedAndTheLossOnce) {
    Exporting it(always(400));
    for (std::size_t i = 1; i <= 11; ++i) {
        it.clock.wait_for_sleepers();
        it.offer(2);
        it.clock.advance(seconds(5));
        it.transport->wait_for(i);
    }
    it.finish();
    int told = 0;
    for (const std::string& line : it.captured.lines())
        told += line.find("traces could not be exported") != std::string::npos ? 1 : 0;
    EXPECT_EQ(told, 2) << it.log();
    EXPECT_THAT(it.captured.lines().back(), HasSubstr(R"("msg":"spans were lost","spans":22)"));
    EXPECT_THAT(it.log(), HasSubstr("telemetry.traces.endpoint"));
}

TEST(SpanExporter, ACollectorThatComesBackIsTold) {
    Exporting it(first({400}));
    for (std::size_t i = 1; i <= 2; ++i) {
        it.clock.wait_for_sleepers();
        it.offer(1);
        it.clock.advance(seconds(5));
        it.transport->wait_for(i);
    }
    it.finish();
    EXPECT_THAT(it.captured.lines(), Contains(HasSubstr("traces are exported again")));
}

TEST(SpanExporter, ARejectedPartIsNotSentAgain) {
    Exporting it([](std::stop_token) {
        return FakeTransport::status(200,
                                     R"({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "late"}})");
    });
    it.offer(5);
    it.finish();
    EXPECT_EQ(it.batches(), Sizes{5});
    EXPECT_THAT(it.log(), HasSubstr(R"("msg":"spans were lost","spans":2)"));
}

TEST(SpanExporter, ACollectorThatHangsIsCutOffWhenTheTimeIsOver) {
    Exporting it(hang);
    it.offer(SpanExporter::kBatch);
    it.transport->wait_for(1);
    it.offer(3);
    std::jthread time([&] {
        it.clock.wait_for_sleepers();
        it.clock.advance(seconds(2));
    });
    it.finish();
    EXPECT_EQ(it.batches(), Sizes{SpanExporter::kBatch}) << "and the rest is not tried";
    EXPECT_THAT(it.log(), HasSubstr("\"spans\":" + std::to_string(SpanExporter::kBatch + 3)));
}

TEST(SpanExporter, ACollectorThatIsAwayIsAskedOnceAtTheEnd) {
    Exporting it([](std::stop_token) -> Result<http::Response> {
        return fail(ErrorKind::transient, "", "connection refused");
    });
    it.offer(SpanExporter::kBatch - 1);
    it.finish();
    EXPECT_EQ(it.batches().size(), 1U) << "no time passes here: a second attempt would wait for ever";
}

TEST(SpanExporter, AFullQueueDropsWholeTreesAndKeepsRoomForTheRun) {
    Exporting it(hang);
    it.offer(SpanExporter::kBatch);
    it.transport->wait_for(1);
    it.offer(SpanExporter::kCapacity - 2);
    it.offer(4);
    it.offer(1, Importance::frame);
    it.exporter->begin_finish(it.clock.now());
    it.exporter->finish();
    EXPECT_THAT(it.log(), HasSubstr("\"spans\":" + std::to_string(SpanExporter::kBatch +
                                                                  SpanExporter::kCapacity - 2 + 4 + 1)))
        << "4 did not fit, the others were not sent";
}

TEST(SpanQueue, IsBoundedFirstInFirstOutAndAllOrNothing) {
    SpanQueue queue(3, 1);
    EXPECT_EQ(queue.offer(spans(2), Importance::detail), 2U);
    EXPECT_EQ(queue.offer(spans(2), Importance::detail), 2U) << "half a tree says little";
    EXPECT_EQ(queue.dropped(), 2);
    EXPECT_EQ(queue.offer(spans(2), Importance::frame), 4U);
    EXPECT_EQ(queue.offer(spans(1), Importance::frame), 4U);
    EXPECT_EQ(queue.dropped(), 3);
    EXPECT_EQ(queue.take(3).size(), 3U);
    EXPECT_EQ(queue.take(3).front().id, 2U);
    EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace pagehaul::telemetry
