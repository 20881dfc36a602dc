#include "queue/rabbitmq/consumer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace pagehaul::queue::rabbitmq {

template <class Use>
void Consumer::guarded(const Use& use) {
    try {
        if (!link_) open();
        use();
    } catch (...) {
        link_.reset();
        come_.clear();
        theirs_.clear();
        throw;
    }
}

void Consumer::open() {
    link_.emplace(config_, clock_);
    amqp_basic_qos(link_->get(), Link::channel, 0,
                   static_cast<std::uint16_t>(std::min<std::size_t>(prefetch_, 65'535)), 0);
    link_->check_answer("prefetch");
    amqp_basic_consume(link_->get(), Link::channel,
                       {.len = config_.name.size(), .bytes = const_cast<char*>(config_.name.data())},
                       amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    link_->check_answer("consuming " + config_.name);
}

void Consumer::take_in(MonoTime until) {
    for (MonoTime at = until;; at = MonoTime{}) {
        amqp_envelope_t envelope{};
        amqp_maybe_release_buffers(link_->get());
        const timeval left = time_left(at, clock_.now());
        const amqp_rpc_reply_t reply = amqp_consume_message(link_->get(), &envelope, &left, 0);
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            theirs_[++last_tag_] = envelope.delivery_tag;
            come_.push_back(
                {.tag = last_tag_,
                 .body = {static_cast<const char*>(envelope.message.body.bytes), envelope.message.body.len},
                 .again = envelope.redelivered != 0});
            amqp_destroy_envelope(&envelope);
            continue;
        }
        const int status = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? reply.library_error
                                                                               : AMQP_STATUS_SOCKET_ERROR;
        if (status == AMQP_STATUS_TIMEOUT) return;
        // Another frame than a delivery: the library leaves it to be read.
        if (status == AMQP_STATUS_UNEXPECTED_STATE)
            if (const auto frame = link_->next_frame(clock_.now())) link_->fail_by(*frame);
        link_->check(status, "the link");
    }
}

std::vector<Delivery> Consumer::receive(std::size_t room, MonoTime until) {
    std::vector<Delivery> given;
    guarded([&] {
        take_in(room > 0 && !come_.empty() ? MonoTime{} : until);
        while (given.size() < room && !come_.empty()) {
            given.push_back(std::move(come_.front()));
            come_.pop_front();
        }
    });
    return given;
}

std::optional<std::uint64_t> Consumer::settle(std::uint64_t tag) {
    const auto node = theirs_.extract(tag);
    return node.empty() ? std::nullopt : std::optional(node.mapped());
}

void Consumer::done(const std::vector<std::uint64_t>& tags) {
    if (!link_) return;
    guarded([&] {
        for (const std::uint64_t tag : tags)
            if (const auto theirs = settle(tag))
                link_->check(amqp_basic_ack(link_->get(), Link::channel, *theirs, 0), "acknowledging");
    });
}

void Consumer::release(const std::vector<std::uint64_t>& tags) {
    if (!link_) return;
    guarded([&] {
        for (const std::uint64_t tag : tags)
            if (const auto theirs = settle(tag))
                link_->check(amqp_basic_nack(link_->get(), Link::channel, *theirs, 0, 1), "giving back");
    });
}

void Consumer::bury(std::uint64_t tag, const std::string&) {
    if (!link_) return;
    guarded([&] {
        if (const auto theirs = settle(tag))
            link_->check(amqp_basic_reject(link_->get(), Link::channel, *theirs, 0), "refusing a message");
    });
}

}  // namespace pagehaul::queue::rabbitmq
