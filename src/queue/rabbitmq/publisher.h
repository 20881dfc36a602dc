#pragma once

#include <map>
#include <optional>

#include "queue/queue.h"
#include "queue/rabbitmq/link.h"

namespace pagehaul::queue::rabbitmq {

class Publisher : public queue::Publisher {
  public:
    Publisher(const config::RabbitMq& config, const Clock& clock) : config_(config), clock_(clock) {}

    void publish(const std::vector<std::string>& bodies) override;
    Depth depth() override;

  private:
    void open();
    template <class Use>
    void guarded(const Use& use);
    void send(const std::string& body);
    void refuse(std::uint64_t tag, bool and_all_before);
    /// Until the broker has confirmed all that were sent over this link.
    void await_confirms();

    const config::RabbitMq config_;
    const Clock& clock_;
    std::optional<Link> link_;
    std::uint64_t sent_ = 0;  ///< over this link: the broker numbers them in their order
    std::map<std::uint64_t, const std::string*> unconfirmed_;  ///< by their numbers
    std::vector<std::string> refused_;                         ///< what the broker could not store
};

}  // namespace pagehaul::queue::rabbitmq
