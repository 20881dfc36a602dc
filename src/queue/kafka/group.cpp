#include "queue/kafka/group.h"

#include <algorithm>

#include "core/error.h"
#include "queue/kafka/partitions.h"
#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

constexpr int kAnswerMs = 5'000;

}  // namespace

Group::Group(const config::Kafka& config, const Clock& clock) : config_(config), events_(clock) {
    const auto conf = common_settings(config);
    set(*conf, "group.id", config.group);
    set(*conf, "enable.auto.commit", "false");
    std::string reason;
    conf->set("event_cb", static_cast<RdKafka::EventCb*>(&events_), reason);
    link_.reset(RdKafka::KafkaConsumer::create(conf.get(), reason));
    if (!link_) throw unusable(reason);
}

Group::~Group() = default;

std::vector<std::int64_t> Group::committed(int partitions) {
    Partitions asked;
    for (int i = 0; i < partitions; ++i)
        asked.list.push_back(RdKafka::TopicPartition::create(config_.topic, i));
    const RdKafka::ErrorCode code = link_->committed(asked.list, kAnswerMs);
    // Serves the callbacks; there is no message for who takes no part.
    const std::unique_ptr<RdKafka::Message> none(link_->consume(0));
    const std::string what = "offsets of the group " + config_.group;
    if (code != RdKafka::ERR_NO_ERROR) {
        events_.throw_if_grave();
        throw failure_of(code, what);
    }
    std::vector<std::int64_t> found;
    for (const RdKafka::TopicPartition* one : asked.list) {
        if (one->err() != RdKafka::ERR_NO_ERROR) throw failure_of(one->err(), what);
        found.push_back(std::max<std::int64_t>(one->offset(), -1));
    }
    return found;
}

}  // namespace pagehaul::queue::kafka
