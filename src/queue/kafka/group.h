#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "queue/kafka/events.h"

namespace pagehaul::queue::kafka {

/// Asks how far a group has come, without being one of its members. Used by one thread.
///
/// A handle of its own, that of a consumer: where the group's coordinator is not there yet, or is another one
/// by now, librdkafka 2.0.2 writes to the handle's own group, and a producer has none (SIGSEGV in rdk:main;
/// with ListConsumerGroupOffsets on a broker that was just started, 1 of 8).
class Group {
  public:
    Group(const config::Kafka& config, const Clock& clock);
    ~Group();
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    /// Of each partition of the topic what is committed; -1: nothing. Answers or throws Failure within a few
    /// seconds.
    std::vector<std::int64_t> committed(int partitions);

  private:
    const config::Kafka config_;
    Events events_;
    std::unique_ptr<RdKafka::KafkaConsumer> link_;
};

}  // namespace pagehaul::queue::kafka
