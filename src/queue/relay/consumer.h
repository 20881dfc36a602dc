#pragma once

#include <deque>
#include <unordered_set>

#include "queue/queue.h"
#include "queue/relay/frames.h"
#include "queue/relay/line_socket.h"

namespace pagehaul::queue::relay {

/// The receiving end of a worker that a pool started: the pool's process has the broker's link, and hands on
/// what is for this pipeline. A pool that is gone looks like a broker that is away, for good.
class Consumer : public queue::Consumer {
  public:
    /// @param fd an end of a socketpair, whose other end is the pool's. Owned from now on.
    Consumer(int fd, const Clock& clock) : socket_(fd), clock_(clock) {}
    /// What was said last still arrives, if the pool takes it within a second.
    ~Consumer() override;

    std::vector<Delivery> receive(std::size_t room, MonoTime until) override;
    void done(const std::vector<std::uint64_t>& tags) override;
    void handed_on(const std::vector<std::uint64_t>& tags) override;
    void release(const std::vector<std::uint64_t>& tags) override;
    void bury(std::uint64_t tag, const std::string& why) override;
    std::size_t unsettled() const override { return with_us_.size(); }

  private:
    void take_in();
    std::vector<std::uint64_t> settle(const std::vector<std::uint64_t>& tags);

    LineSocket socket_;
    const Clock& clock_;
    std::deque<Delivery> come_;  ///< not given to the caller yet
    std::unordered_set<std::uint64_t> with_us_;
    std::size_t asked_ = 0;  ///< messages, that have not come yet
};

}  // namespace pagehaul::queue::relay
