#pragma once

#include <map>

#include "queue/queue.h"
#include "queue/sqs/api.h"

namespace pagehaul::queue::sqs {

/// SQS knows no consumers: a message that was received is invisible to others for a while, which receive()
/// renews. Whoever lets go of this gives back what it has; after a kill it comes when that while is over.
class Consumer : public queue::Consumer {
  public:
    Consumer(const config::Sqs& config, const Clock& clock)
        : config_(config), clock_(clock), api_(config, clock) {}
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;
    ~Consumer() override;

    /// Waits in polls of whole seconds, and where less than one is left it asks four times a second, each of
    /// which costs: to be called with a second at least.
    std::vector<Delivery> receive(std::size_t room, MonoTime until) override;
    void done(const std::vector<std::uint64_t>& tags) override;
    void release(const std::vector<std::uint64_t>& tags) override;
    /// To `queue.dead`, or away where there is none.
    void bury(std::uint64_t tag, const std::string& why) override;
    std::size_t unsettled() const override { return ours_.size(); }

  private:
    struct Message {
        std::string id;
        std::string handle;  ///< the newest one: each time it is handed out there is another
        std::string body;
        MonoTime received;
        MonoTime visible_at;  ///< to others
    };

    /// Runs what asks the server; forgets all messages where that fails, as who has lost a link does: they
    /// come again.
    template <class Use>
    void guarded(const Use& use);
    /// As many requests as it takes for `room`, kSideBySide at most; the messages to `given`.
    /// @return whether all came back full, and there may be more.
    bool take(std::size_t room, std::chrono::seconds wait, std::vector<Delivery>& given);
    void take_in(const nlohmann::json& message, MonoTime asked, std::vector<Delivery>& given);
    void extend();
    std::vector<Message> settle(const std::vector<std::uint64_t>& tags);
    void give_back(const std::vector<Message>& messages, Api::Patience patience);

    const config::Sqs config_;
    const Clock& clock_;
    Api api_;
    std::map<std::uint64_t, Message> ours_;
    std::uint64_t last_tag_ = 0;
    MonoTime next_ask_{};  ///< where there was nothing: a question costs
    Millis between_{20};   ///< behind the next question that finds nothing
};

}  // namespace pagehaul::queue::sqs
