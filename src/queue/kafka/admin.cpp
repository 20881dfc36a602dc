#include "queue/kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/error.h"
#include "queue/kafka/partitions.h"
#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kPatience{5};
constexpr int kPatienceMs = 5'000;
/// Between two looks at what the library tells meanwhile.
constexpr int kSliceMs = 250;

// The library's C++ side has none of these.
template <class T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* object) const { destroy(object); }
};
using CQueue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using CEvent = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using COptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using CNewTopic =
    std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;

COptions options_for(rd_kafka_t* handle, rd_kafka_admin_op_t operation) {
    COptions options(rd_kafka_AdminOptions_new(handle, operation));
    std::array<char, 256> reason{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), kPatienceMs, reason.data(), reason.size());
    return options;
}

}  // namespace

std::string dead_letters_of(const std::string& topic) {
    return topic + ".dead";
}

RdKafka::ErrorCode Admin::ask(const std::string& topic, int timeout_ms, int& partitions) {
    std::string reason;
    const std::unique_ptr<RdKafka::Topic> handle(RdKafka::Topic::create(&handle_, topic, nullptr, reason));
    if (!handle) return RdKafka::ERR__INVALID_ARG;
    RdKafka::Metadata* raw = nullptr;
    const RdKafka::ErrorCode code = handle_.metadata(false, handle.get(), &raw, timeout_ms);
    const std::unique_ptr<RdKafka::Metadata> metadata(raw);
    if (code != RdKafka::ERR_NO_ERROR) return code;
    for (const RdKafka::TopicMetadata* one : *metadata->topics()) {
        if (one->topic() != topic) continue;
        partitions = static_cast<int>(one->partitions()->size());
        return one->err();
    }
    return RdKafka::ERR_UNKNOWN_TOPIC_OR_PART;
}

std::optional<int> Admin::find(const std::string& topic) {
    for (const MonoTime until = clock_.now() + kPatience;;) {
        int partitions = 0;
        const RdKafka::ErrorCode code = ask(topic, kSliceMs, partitions);
        serve_();
        if (code == RdKafka::ERR_NO_ERROR && partitions > 0) {
            events_.there_again();
            return partitions;
        }
        if (code == RdKafka::ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
        if (kind_of(code) != ErrorKind::transient) throw failure_of(code, "topic " + topic);
        events_.throw_if_grave();
        if (clock_.now() >= until) throw events_.no_answer("topic " + topic);
    }
}

int Admin::find_or_make(const config::Kafka& config) {
    if (const auto partitions = find(config.topic)) return *partitions;
    if (config.partitions == 0)
        throw Failure(ErrorKind::config, "queue.topic",
                      "there is no topic " + config.topic +
                          ": expected one, or queue.partitions, to have it made with so many");
    make(config.topic, config.partitions);
    make(dead_letters_of(config.topic), 1);
    // All brokers know of it a moment later.
    for (const MonoTime until = clock_.now() + kPatience; clock_.now() < until;)
        if (const auto partitions = find(config.topic)) return *partitions;
    throw Failure(ErrorKind::transient, "queue.topic", config.topic + " was made, and is not there yet");
}

bool Admin::make(const std::string& topic, int partitions) {
    rd_kafka_t* handle = handle_.c_ptr();
    std::array<char, 256> reason{};
    // -1: as many replicas as the brokers keep of a topic by default.
    const CNewTopic wanted(
        rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, reason.data(), reason.size()));
    if (!wanted) throw Failure(ErrorKind::config, "queue.topic", reason.data());
    const COptions options = options_for(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), kPatienceMs, reason.data(), reason.size());
    const CQueue queue(rd_kafka_queue_new(handle));
    std::array<rd_kafka_NewTopic_t*, 1> all{wanted.get()};
    rd_kafka_CreateTopics(handle, all.data(), all.size(), options.get(), queue.get());
    const CEvent event(rd_kafka_queue_poll(queue.get(), kPatienceMs + kSliceMs));
    const std::string what = "making the topic " + topic;
    if (!event) throw events_.no_answer(what);
    auto code = static_cast<RdKafka::ErrorCode>(rd_kafka_event_error(event.get()));
    if (code == RdKafka::ERR_NO_ERROR) {
        std::size_t count = 0;
        const auto* results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
        if (count > 0) code = static_cast<RdKafka::ErrorCode>(rd_kafka_topic_result_error(results[0]));
    }
    if (code == RdKafka::ERR_TOPIC_ALREADY_EXISTS) return false;
    if (code != RdKafka::ERR_NO_ERROR) throw failure_of(code, what);
    return true;
}

bool Admin::reaches(const std::string& topic) {
    int partitions = 0;
    const RdKafka::ErrorCode code = ask(topic, kSliceMs, partitions);
    return code != RdKafka::ERR__TRANSPORT && code != RdKafka::ERR__TIMED_OUT;
}

std::vector<std::int64_t> Admin::offsets(const std::string& topic, int partitions, std::int64_t which) {
    // Of a topic that was just made, or has lost a broker, the leaders are being chosen.
    for (const MonoTime until = clock_.now() + kPatience;;) {
        try {
            return offsets_once(topic, partitions, which);
        } catch (const Failure& failure) {
            if (failure.error().kind != ErrorKind::transient || clock_.now() >= until) throw;
        }
        clock_.wait_until(clock_.now() + std::chrono::milliseconds(kSliceMs), {});
    }
}

std::vector<std::int64_t> Admin::offsets_once(const std::string& topic, int partitions, std::int64_t which) {
    Partitions asked;
    for (int i = 0; i < partitions; ++i)
        asked.list.push_back(RdKafka::TopicPartition::create(topic, i, which));
    // A time as much as an offset: the protocol's own words for the first and the last (ListOffsets). So one
    // question a broker answers for all of its partitions.
    const RdKafka::ErrorCode code = handle_.offsetsForTimes(asked.list, kPatienceMs);
    serve_();
    if (code != RdKafka::ERR_NO_ERROR) {
        events_.throw_if_grave();
        throw failure_of(code, "offsets of the topic " + topic);
    }
    std::vector<std::int64_t> found(static_cast<std::size_t>(partitions), 0);
    for (const RdKafka::TopicPartition* one : asked.list) {
        if (one->err() != RdKafka::ERR_NO_ERROR)
            throw failure_of(one->err(), "offsets of the topic " + topic);
        found.at(static_cast<std::size_t>(one->partition())) = std::max<std::int64_t>(one->offset(), 0);
    }
    return found;
}

std::vector<std::int64_t> Admin::first(const std::string& topic, int partitions) {
    return offsets(topic, partitions, RdKafka::Topic::OFFSET_BEGINNING);
}

std::vector<std::int64_t> Admin::end(const std::string& topic, int partitions) {
    return offsets(topic, partitions, RdKafka::Topic::OFFSET_END);
}

}  // namespace pagehaul::queue::kafka
