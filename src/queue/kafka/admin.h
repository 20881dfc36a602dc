#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "queue/kafka/events.h"

namespace pagehaul::queue::kafka {

/// What is asked of the brokers beside sending and receiving. Each call answers or throws Failure within a
/// few seconds. Belongs to the thread that serves the handle; all that it is made with outlives it.
class Admin {
  public:
    /// @param serve runs the handle's callbacks that are due, without waiting.
    Admin(RdKafka::Handle& handle, Events& events, std::function<void()> serve, const Clock& clock)
        : handle_(handle), events_(events), serve_(std::move(serve)), clock_(clock) {}

    /// How many partitions the topic has; nothing: it is not there.
    std::optional<int> find(const std::string& topic);
    /// The same of the config's topic, which is made where it is missing and may be, with one for dead
    /// letters beside it.
    int find_or_make(const config::Kafka& config);
    /// @return false: somebody else was first.
    bool make(const std::string& topic, int partitions);
    /// Whether a broker answers, within a moment.
    bool reaches(const std::string& topic);

    /// Of each partition: the first offset that is there, or the one after the last.
    std::vector<std::int64_t> first(const std::string& topic, int partitions);
    std::vector<std::int64_t> end(const std::string& topic, int partitions);

  private:
    RdKafka::ErrorCode ask(const std::string& topic, int timeout_ms, int& partitions);
    std::vector<std::int64_t> offsets_once(const std::string& topic, int partitions, std::int64_t which);
    std::vector<std::int64_t> offsets(const std::string& topic, int partitions, std::int64_t which);

    RdKafka::Handle& handle_;
    Events& events_;
    std::function<void()> serve_;
    const Clock& clock_;
};

/// Where messages go that nobody can read.
std::string dead_letters_of(const std::string& topic);

}  // namespace pagehaul::queue::kafka
