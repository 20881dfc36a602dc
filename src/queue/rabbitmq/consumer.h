#pragma once

#include <deque>
#include <map>
#include <optional>

#include "queue/queue.h"
#include "queue/rabbitmq/link.h"

namespace pagehaul::queue::rabbitmq {

class Consumer : public queue::Consumer {
  public:
    Consumer(const config::RabbitMq& config, std::size_t prefetch, const Clock& clock)
        : config_(config), prefetch_(prefetch), clock_(clock) {}

    std::vector<Delivery> receive(std::size_t room, MonoTime until) override;
    void done(const std::vector<std::uint64_t>& tags) override;
    void release(const std::vector<std::uint64_t>& tags) override;
    void bury(std::uint64_t tag, const std::string& why) override;
    std::size_t unsettled() const override { return theirs_.size() - come_.size(); }

  private:
    void open();
    /// What the broker sends, into `come_`. Waits for the first until `until`.
    void take_in(MonoTime until);
    /// Runs what uses the link; lets it go where that fails, with all that it had brought.
    template <class Use>
    void guarded(const Use& use);
    /// The broker's own tag, which is ours no longer; nothing where the link that brought it is lost.
    std::optional<std::uint64_t> settle(std::uint64_t tag);

    const config::RabbitMq config_;
    const std::size_t prefetch_;
    const Clock& clock_;
    std::optional<Link> link_;
    std::deque<Delivery> come_;                      ///< not handed out yet
    std::map<std::uint64_t, std::uint64_t> theirs_;  ///< our tag -> the broker's, of this link
    std::uint64_t last_tag_ = 0;
};

}  // namespace pagehaul::queue::rabbitmq
