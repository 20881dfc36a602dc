#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <vector>

namespace pagehaul::queue::kafka {

/// Partitions as the library takes and fills them: its objects, ours to destroy.
struct Partitions {
    Partitions() = default;
    ~Partitions() { RdKafka::TopicPartition::destroy(list); }
    Partitions(const Partitions&) = delete;
    Partitions& operator=(const Partitions&) = delete;

    std::vector<RdKafka::TopicPartition*> list;
};

}  // namespace pagehaul::queue::kafka
