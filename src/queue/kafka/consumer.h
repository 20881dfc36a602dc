#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "queue/kafka/events.h"
#include "queue/kafka/progress.h"
#include "queue/queue.h"

namespace pagehaul::queue::kafka {

/// A member of the workers' group. It gets the messages of its share of the partitions; whenever a member
/// comes or goes, the shares are dealt anew, and what is with us and not committed goes to whoever has its
/// partition then: to that end the tags mean nothing any longer. The library's callbacks run in our own calls
/// of it.
class Consumer : public queue::Consumer, RdKafka::RebalanceCb, RdKafka::OffsetCommitCb {
  public:
    Consumer(const config::Kafka& config, std::size_t prefetch, const Clock& clock)
        : config_(config), prefetch_(prefetch), clock_(clock), events_(clock) {}
    /// Leaves the group, so that others have our share at once; takes a few seconds at most.
    ~Consumer() override { close(); }
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    std::vector<Delivery> receive(std::size_t room, MonoTime until) override;
    void done(const std::vector<std::uint64_t>& tags) override;
    /// Nobody else can have them before we leave, which is what whoever releases is about to do; until then
    /// `receive` may give them again, to us.
    void release(const std::vector<std::uint64_t>& tags) override;
    /// To the topic NAME.dead, where it is there or can be made.
    void bury(std::uint64_t tag, const std::string& why) override;
    std::size_t unsettled() const override { return held_.size(); }

  private:
    struct Message {
        int partition = 0;
        std::int64_t offset = 0;
        std::string body;
        bool again = false;
    };

    void rebalance_cb(RdKafka::KafkaConsumer* consumer, RdKafka::ErrorCode code,
                      std::vector<RdKafka::TopicPartition*>& partitions) override;
    void offset_commit_cb(RdKafka::ErrorCode code, std::vector<RdKafka::TopicPartition*>& offsets) override;

    void open();
    void close() noexcept;
    /// Runs what uses the link; lets it go where that fails, with all that it had brought.
    template <class Use>
    void guarded(const Use& use);
    /// What comes, into `come_`. Waits until `until`, or for the first where there is `room`.
    void take_in(std::size_t room, MonoTime until);
    /// @return whether there was one.
    bool take_one(int timeout_ms);
    /// Stops and starts the partitions by how much is with us. The library has one queue for messages and for
    /// what must be served all the time.
    void keep_flowing();
    void check_health();
    void commit();
    void commit_when_due();
    void forget();
    const config::Kafka config_;
    const std::size_t prefetch_;
    const Clock& clock_;
    Events events_;
    std::unique_ptr<RdKafka::KafkaConsumer> link_;
    std::deque<Message> come_;  ///< not handed out, or given back
    std::size_t come_bytes_ = 0;
    std::map<std::uint64_t, Message> held_;  ///< tag -> what was handed out with it
    std::map<int, Progress> progress_;       ///< of each partition of our share
    std::uint64_t last_tag_ = 0;
    bool member_ = false;  ///< has been told its share, which may be none
    MonoTime outside_since_;
    bool stopped_ = false;
    bool told_idle_ = false;
    MonoTime commit_at_;
};

}  // namespace pagehaul::queue::kafka
