#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "queue/kafka/admin.h"
#include "queue/kafka/events.h"

namespace pagehaul::queue::kafka {

/// A producer, and what may be asked with one. Used by one thread. After a Failure of `send` it is of no use
/// any longer.
class Sender : RdKafka::DeliveryReportCb {
  public:
    Sender(const config::Kafka& config, const Clock& clock);
    ~Sender() override;
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    /// Spreads them evenly over the partitions, and returns when the brokers have confirmed each. @param why
    /// goes with them as a header.
    void send(const std::string& topic, int partitions, const std::vector<std::string>& bodies,
              const std::string& why = {});

    Admin admin();

  private:
    void dr_cb(RdKafka::Message& message) override;
    void produce(const std::string& topic, int partition, const std::string& body, const std::string& why,
                 MonoTime until);
    void check(const std::string& topic, MonoTime until);

    const Clock& clock_;
    Events events_;
    std::unique_ptr<RdKafka::Producer> producer_;
    std::size_t unconfirmed_ = 0;
    std::optional<RdKafka::ErrorCode> refused_;
    std::uint64_t next_;  ///< for whom: of all processes that send little, not all to the same partition
};

}  // namespace pagehaul::queue::kafka
