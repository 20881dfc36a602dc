#pragma once

#include <amqp.h>

#include <optional>
#include <string>

#include "config/config.h"
#include "core/clock.h"

namespace pagehaul::queue::rabbitmq {

/// A connection with one open channel to a broker on which the queue is there, made if it was missing: a
/// quorum queue that survives the loss of a node, whose dead letters go to NAME.dead. Used by one thread; the
/// heartbeats that keep it open are served only inside calls of the library.
class Link {
  public:
    /// Throws Failure, like every call below: transient, credential or config. `clock` outlives it.
    Link(const config::RabbitMq& config, const Clock& clock);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    amqp_connection_state_t get() const { return connection_; }
    static constexpr amqp_channel_t channel = 1;

    /// Of a call that returns a status: throws unless it is OK.
    void check(int status, const std::string& what) const;
    /// Of a call that waits for the broker's answer.
    void check_answer(const std::string& what) const;
    /// A frame that nobody asked for: the broker closes something, or says that the queue is gone. Throws.
    [[noreturn]] void fail_by(const amqp_frame_t& frame) const;

    /// Waits for a frame until `until`; nothing: none came.
    std::optional<amqp_frame_t> next_frame(MonoTime until);

    /// Messages that wait in the queue, and in the one for dead letters where it is there.
    std::int64_t ready();
    std::optional<std::int64_t> dead();

  private:
    void open_socket(const amqp_connection_info& info);
    void open_channel(amqp_channel_t number);
    void make_queues();
    /// Declared passively. @return nothing when it is not there; the channel is open all the same.
    std::optional<std::int64_t> find(const std::string& queue, amqp_channel_t number);

    const config::RabbitMq& config_;
    const Clock& clock_;
    amqp_connection_state_t connection_;
};

/// What an absolute point in time is to the library. Never negative.
timeval time_left(MonoTime until, MonoTime now);

}  // namespace pagehaul::queue::rabbitmq
