#pragma once

#include "queue/queue.h"
#include "queue/sqs/api.h"

namespace pagehaul::queue::sqs {

class Publisher : public queue::Publisher {
  public:
    Publisher(const config::Sqs& config, const Clock& clock) : config_(config), api_(config, clock) {}

    void publish(const std::vector<std::string>& bodies) override;
    /// As "approximate" as SQS counts: right about a minute after the last message. What `oldest` is only
    /// CloudWatch knows.
    Depth depth() override;

  private:
    const config::Sqs config_;
    Api api_;
};

}  // namespace pagehaul::queue::sqs
