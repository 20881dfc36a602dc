#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::queue {

// What carries hints between processes: src/queue/README.md. A message may be lost, come twice, come late and
// come in any order; the ledger decides what is true. No class here is thread-safe: each object belongs to
// one thread, which owns its link.

/// A message that was handed to us, and that is ours until it is settled.
struct Delivery {
    std::uint64_t tag = 0;  ///< names it to the Consumer that gave it; never the same twice
    std::string body;
    bool again = false;  ///< it was handed to somebody before, as far as the system tells
};

/// Messages taken apart, to be sent again to the queue's end, and then settled: to give a message back counts
/// as a failed delivery in some systems.
struct Copies {
    std::vector<std::string> bodies;
    std::vector<std::uint64_t> tags;
};
Copies copies_of(std::vector<Delivery> deliveries);

/// We are refused, or the queue is not as it must be. Before anything went well that is a mistake in the
/// config; later the broker is waited for.
bool is_refusal(const Error& error);

/// The receiving end. It connects when it is first asked, and again after its link was lost: what was not
/// settled then is the system's to hand out once more, and its tags mean nothing any longer. A system that
/// deals out shares (Kafka) may take some back in the same way whenever a consumer comes or goes.
///
/// All calls throw Failure: transient, where trying again may help; credential; config, where the queue is
/// not there or not as it must be.
class Consumer {
  public:
    virtual ~Consumer() = default;

    /// Up to `room` more messages; waits for the first until `until`. Serves the link meanwhile (heartbeats,
    /// the time that messages may stay with us): to be called again within two seconds of its return, with
    /// `room` 0 where none are wanted.
    virtual std::vector<Delivery> receive(std::size_t room, MonoTime until) = 0;

    /// The messages have done their work: nobody is to have them again. Tags of a lost link are passed over.
    virtual void done(const std::vector<std::uint64_t>& tags) = 0;
    /// The same of messages that are for others, whose copies are at the queue's end: they did no work.
    virtual void handed_on(const std::vector<std::uint64_t>& tags) { done(tags); }
    /// Others are to have the messages, at once where the system can do that.
    virtual void release(const std::vector<std::uint64_t>& tags) = 0;
    /// Nobody can read the message: it goes where people look, or, where the system has no such place, away.
    virtual void bury(std::uint64_t tag, const std::string& why) = 0;

    /// How many messages that receive() has handed out are not settled; what was fetched ahead is not in it.
    virtual std::size_t unsettled() const = 0;
};

/// How much there is, as far as the system tells, and as exactly as it counts.
struct Depth {
    std::int64_t ready = 0;  ///< waiting for a consumer, or, where the next is unknown, not settled
    std::optional<std::int64_t> unsettled{};       ///< with consumers
    std::optional<std::int64_t> dead{};            ///< dead letters
    std::optional<std::chrono::seconds> oldest{};  ///< how long the first one has waited
};

/// The sending end. Connects like a Consumer, and throws like one.
class Publisher {
  public:
    virtual ~Publisher() = default;

    /// Returns when the system has confirmed that all of them are stored. A Failure leaves open which are.
    virtual void publish(const std::vector<std::string>& bodies) = 0;

    virtual Depth depth() = 0;
};

}  // namespace pagehaul::queue
