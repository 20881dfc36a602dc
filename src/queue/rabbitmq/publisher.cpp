#include "queue/rabbitmq/publisher.h"

#include <utility>

#include "core/error.h"

namespace pagehaul::queue::rabbitmq {
namespace {

constexpr std::chrono::seconds kConfirmLimit{10};
/// Sent before the first confirm is waited for: more would only fill the broker's buffers.
constexpr std::size_t kUnconfirmed = 500;
/// A quorum queue that was just made, or has lost a node, refuses messages until it has elected a leader.
constexpr int kTries = 20;
constexpr std::chrono::milliseconds kTryPause{100};

}  // namespace

template <class Use>
void Publisher::guarded(const Use& use) {
    try {
        if (!link_) open();
        use();
    } catch (...) {
        link_.reset();
        throw;
    }
}

void Publisher::open() {
    link_.emplace(config_, clock_);
    sent_ = 0;
    unconfirmed_.clear();
    refused_.clear();
    amqp_confirm_select(link_->get(), Link::channel);
    link_->check_answer("asking for confirms");
}

void Publisher::send(const std::string& body) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.content_type = amqp_cstring_bytes("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    // Mandatory: a queue that was deleted meanwhile must not swallow it.
    link_->check(
        amqp_basic_publish(link_->get(), Link::channel, amqp_empty_bytes,
                           {.len = config_.name.size(), .bytes = const_cast<char*>(config_.name.data())}, 1,
                           0, &properties, {.len = body.size(), .bytes = const_cast<char*>(body.data())}),
        "publishing");
    unconfirmed_[++sent_] = &body;
}

void Publisher::await_confirms() {
    const MonoTime until = clock_.now() + kConfirmLimit;
    while (!unconfirmed_.empty()) {
        const auto frame = link_->next_frame(until);
        if (!frame) throw Failure(ErrorKind::transient, "queue.url", "the broker confirms nothing");
        if (frame->frame_type != AMQP_FRAME_METHOD) continue;
        const amqp_method_t& method = frame->payload.method;
        if (method.id == AMQP_BASIC_ACK_METHOD) {
            const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
            // `multiple`: it and all before it. They come in any order.
            if (ack->multiple != 0)
                unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.upper_bound(ack->delivery_tag));
            else
                unconfirmed_.erase(ack->delivery_tag);
        } else if (method.id == AMQP_BASIC_NACK_METHOD) {
            const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
            refuse(nack->delivery_tag, nack->multiple != 0);
        } else if (method.id == AMQP_BASIC_RETURN_METHOD) {
            throw Failure(ErrorKind::transient, "queue.name", config_.name + " was deleted");
        } else {
            link_->fail_by(*frame);
        }
    }
}

void Publisher::refuse(std::uint64_t tag, bool and_all_before) {
    const auto last = unconfirmed_.upper_bound(tag);
    const auto first = and_all_before ? unconfirmed_.begin() : unconfirmed_.lower_bound(tag);
    for (auto it = first; it != last; ++it)
        refused_.push_back(*it->second);
    unconfirmed_.erase(first, last);
}

void Publisher::publish(const std::vector<std::string>& bodies) {
    guarded([&] {
        std::vector<std::string> left = bodies;
        for (int tries = 1; !left.empty(); ++tries) {
            if (tries > kTries)
                throw Failure(ErrorKind::transient, "queue.name",
                              config_.name + ": the broker could not store " + std::to_string(left.size()) +
                                  " of the messages");
            if (tries > 1)
                if (const auto frame = link_->next_frame(clock_.now() + kTryPause)) link_->fail_by(*frame);
            refused_.clear();
            for (const std::string& body : left) {
                send(body);
                if (unconfirmed_.size() >= kUnconfirmed) await_confirms();
            }
            await_confirms();
            left = std::exchange(refused_, {});
        }
    });
}

Depth Publisher::depth() {
    Depth depth;
    guarded([&] {
        depth.ready = link_->ready();
        depth.dead = link_->dead();
    });
    return depth;
}

}  // namespace pagehaul::queue::rabbitmq
