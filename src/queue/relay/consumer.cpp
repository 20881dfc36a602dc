#include "queue/relay/consumer.h"

#include <utility>

namespace pagehaul::queue::relay {

Consumer::~Consumer() {
    const MonoTime until = clock_.now() + Millis{1'000};
    while (socket_.has_unsent() && !socket_.is_over() && clock_.now() < until) {
        socket_.wait(until, clock_);
        socket_.flush();
        socket_.lines();  // what comes now is the pool's again when we are gone
    }
}

void Consumer::take_in() {
    for (const std::string& line : socket_.lines()) {
        auto delivery = read_delivery(line);
        if (!delivery) throw Failure(delivery.error());
        with_us_.insert(delivery->tag);
        come_.push_back(*std::move(delivery));
        if (asked_ > 0) --asked_;
    }
}

std::vector<Delivery> Consumer::receive(std::size_t room, MonoTime until) {
    socket_.flush();
    if (room > asked_ + come_.size()) {
        const std::size_t more = room - asked_ - come_.size();
        socket_.send(write(More{more}));
        asked_ += more;
    }
    take_in();
    while (come_.empty() && !socket_.is_over() && clock_.now() < until) {
        socket_.wait(until, clock_);
        socket_.flush();
        take_in();
    }
    if (room == 0 && !come_.empty() && !socket_.is_over()) socket_.wait(until, clock_);
    if (socket_.is_over() && come_.empty()) {
        with_us_.clear();
        throw Failure(ErrorKind::transient, "queue", "the pool that started this process is gone");
    }
    std::vector<Delivery> given;
    while (given.size() < room && !come_.empty()) {
        given.push_back(std::move(come_.front()));
        come_.pop_front();
    }
    return given;
}

std::vector<std::uint64_t> Consumer::settle(const std::vector<std::uint64_t>& tags) {
    std::vector<std::uint64_t> ours;
    for (const std::uint64_t tag : tags)
        if (with_us_.erase(tag) > 0) ours.push_back(tag);
    return ours;
}

void Consumer::done(const std::vector<std::uint64_t>& tags) {
    if (auto ours = settle(tags); !ours.empty()) socket_.send(write(Done{std::move(ours)}));
}

void Consumer::handed_on(const std::vector<std::uint64_t>& tags) {
    if (auto ours = settle(tags); !ours.empty()) socket_.send(write(HandedOn{std::move(ours)}));
}

void Consumer::release(const std::vector<std::uint64_t>& tags) {
    if (auto ours = settle(tags); !ours.empty()) socket_.send(write(Released{std::move(ours)}));
}

void Consumer::bury(std::uint64_t tag, const std::string& why) {
    if (!settle({tag}).empty()) socket_.send(write(Bury{tag, why}));
}

}  // namespace pagehaul::queue::relay
