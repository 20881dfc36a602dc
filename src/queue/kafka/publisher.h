#pragma once

#include <optional>

#include "queue/kafka/group.h"
#include "queue/kafka/sender.h"
#include "queue/queue.h"

namespace pagehaul::queue::kafka {

class Publisher : public queue::Publisher {
  public:
    Publisher(const config::Kafka& config, const Clock& clock) : config_(config), clock_(clock) {}

    void publish(const std::vector<std::string>& bodies) override;
    Depth depth() override;

  private:
    void open();
    template <class Use>
    void guarded(const Use& use);

    const config::Kafka config_;
    const Clock& clock_;
    std::optional<Sender> sender_;
    std::optional<Group> group_;  ///< since the first question for the depth
    int partitions_ = 0;
    MonoTime counted_at_;  ///< partitions may be added
};

}  // namespace pagehaul::queue::kafka
