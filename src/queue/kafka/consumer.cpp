#include "queue/kafka/consumer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "log/log.h"
#include "queue/kafka/admin.h"
#include "queue/kafka/partitions.h"
#include "queue/kafka/sender.h"
#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kCommitEvery{1};
/// For the first share; who does not get it by then gets it later, in some `receive`.
constexpr std::chrono::seconds kJoinPatience{3};
constexpr std::chrono::seconds kClosePatience{3};
/// A broker that is restarted is there again before: then nothing was lost.
constexpr std::chrono::seconds kAwayPatience{5};
/// A dead member holds up the others for its session, a stuck one for `max.poll.interval.ms`.
constexpr std::chrono::seconds kOutsidePatience{90};
constexpr int kLongestWaitMs = 500;
/// What waits with us: nobody else could have it, and to ask the brokers for each handful would take longer
/// than the handful. Of messages like ours it is 200 kB.
constexpr std::size_t kAhead = 1'000;
constexpr std::size_t kAheadBytes = 1'000'000;

int slice_until(MonoTime until, MonoTime now) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongestWaitMs));
}

}  // namespace

template <class Use>
void Consumer::guarded(const Use& use) {
    try {
        if (!link_) open();
        use();
    } catch (...) {
        close();
        throw;
    }
}

void Consumer::open() {
    events_.forget();
    const auto conf = common_settings(config_);
    set(*conf, "group.id", config_.group);
    set(*conf, "auto.offset.reset", "earliest");
    set(*conf, "enable.auto.commit", "false");
    set(*conf, "enable.auto.offset.store", "false");
    // Not cooperative-sticky: with it the library joins for ever before 2.6.1.
    set(*conf, "partition.assignment.strategy", "range,roundrobin");
    set(*conf, "session.timeout.ms", "10000");
    set(*conf, "heartbeat.interval.ms", "1000");
    set(*conf, "max.poll.interval.ms", "60000");
    // By default the library fetches 100,000 messages and 64 MiB ahead.
    set(*conf, "queued.min.messages", std::to_string(kAhead));
    set(*conf, "queued.max.messages.kbytes", "1024");
    set(*conf, "fetch.message.max.bytes", "65536");
    set(*conf, "fetch.wait.max.ms", "200");
    std::string reason;
    conf->set("event_cb", static_cast<RdKafka::EventCb*>(&events_), reason);
    conf->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(this), reason);
    conf->set("offset_commit_cb", static_cast<RdKafka::OffsetCommitCb*>(this), reason);
    link_.reset(RdKafka::KafkaConsumer::create(conf.get(), reason));
    if (!link_) throw unusable(reason);
    Admin(
        *link_, events_, [this] { take_one(0); }, clock_)
        .find_or_make(config_);

    if (const auto code = link_->subscribe({config_.topic}); code != RdKafka::ERR_NO_ERROR)
        throw failure_of(code, "topic " + config_.topic);
    outside_since_ = clock_.now();
    commit_at_ = outside_since_ + kCommitEvery;
    for (const MonoTime until = outside_since_ + kJoinPatience; !member_ && clock_.now() < until;) {
        take_one(100);
        check_health();
    }
}

void Consumer::forget() {
    come_.clear();
    come_bytes_ = 0;
    held_.clear();
    progress_.clear();
    stopped_ = false;
}

void Consumer::close() noexcept {
    if (!link_) return;
    try {
        const std::unique_ptr<RdKafka::Queue> queue(RdKafka::Queue::create(link_.get()));
        // It takes our share away, as a rebalance does: then is committed what is done.
        const std::unique_ptr<RdKafka::Error> refused(link_->close(queue.get()));
        for (const MonoTime until = clock_.now() + kClosePatience;
             !refused && !link_->closed() && clock_.now() < until;)
            // Not `poll`: it aborts the process where a message lies there.
            std::unique_ptr<RdKafka::Message>(queue->consume(50)).reset();
    } catch (...) {
        // The session ends by itself then.
    }
    link_.reset();
    forget();
    member_ = false;
}

void Consumer::rebalance_cb(RdKafka::KafkaConsumer* consumer, RdKafka::ErrorCode code,
                            std::vector<RdKafka::TopicPartition*>& partitions) {
    if (code == RdKafka::ERR__ASSIGN_PARTITIONS) {
        for (const RdKafka::TopicPartition* one : partitions)
            progress_.try_emplace(one->partition());
        consumer->assign(partitions);
        member_ = true;
        if (partitions.empty() && !std::exchange(told_idle_, true))
            log::warn("the topic has fewer partitions than workers: this one gets no messages");
        return;
    }
    // On the same connection before the word that we let go: the brokers see it first. Who is out of the
    // group already has nothing to say.
    if (!consumer->assignment_lost()) commit();
    forget();
    consumer->unassign();
    member_ = false;
    outside_since_ = clock_.now();
}

void Consumer::offset_commit_cb(RdKafka::ErrorCode code, std::vector<RdKafka::TopicPartition*>& offsets) {
    if (code == RdKafka::ERR__NO_OFFSET) return;
    for (const RdKafka::TopicPartition* one : offsets) {
        const auto found = progress_.find(one->partition());
        if (found == progress_.end()) continue;
        if (code != RdKafka::ERR_NO_ERROR || one->err() != RdKafka::ERR_NO_ERROR)
            found->second.commit_failed();
    }
}

void Consumer::commit() {
    commit_at_ = clock_.now() + kCommitEvery;
    // The library keeps a commit for as long as the session may last, and its handle does not end before.
    if (events_.away_since()) return;
    Partitions share;
    for (auto& [partition, progress] : progress_) {
        const auto position = progress.uncommitted();
        if (!position) continue;
        share.list.push_back(RdKafka::TopicPartition::create(config_.topic, partition, *position));
        progress.committed(*position);
    }
    if (!share.list.empty()) link_->commitAsync(share.list);
}

void Consumer::commit_when_due() {
    if (clock_.now() >= commit_at_) commit();
}

void Consumer::keep_flowing() {
    const bool stop = stopped_ ? come_.size() > kAhead / 4 || come_bytes_ > kAheadBytes / 4
                               : come_.size() >= kAhead || come_bytes_ >= kAheadBytes;
    if (stop == stopped_) return;
    Partitions share;
    if (link_->assignment(share.list) != RdKafka::ERR_NO_ERROR || share.list.empty()) return;
    if (stop)
        link_->pause(share.list);
    else
        link_->resume(share.list);
    stopped_ = stop;
}

bool Consumer::take_one(int timeout_ms) {
    const std::unique_ptr<RdKafka::Message> message(link_->consume(timeout_ms));
    switch (message->err()) {
        case RdKafka::ERR_NO_ERROR: {
            const auto found = progress_.find(message->partition());
            if (found == progress_.end()) return true;
            found->second.begin(message->offset());
            const char* body = static_cast<const char*>(message->payload());
            come_.push_back({.partition = message->partition(),
                             .offset = message->offset(),
                             .body = body == nullptr ? std::string() : std::string(body, message->len())});
            come_bytes_ += message->len();
            return true;
        }
        case RdKafka::ERR__TIMED_OUT:
            return false;
        case RdKafka::ERR_UNKNOWN_TOPIC_OR_PART:
        case RdKafka::ERR__UNKNOWN_TOPIC:
        case RdKafka::ERR__UNKNOWN_PARTITION:
            throw Failure(ErrorKind::transient, "queue.topic", config_.topic + " was deleted");
        default:
            if (kind_of(message->err()) != ErrorKind::transient)
                throw Failure(kind_of(message->err()), origin_of(message->err()), message->errstr());
            // The library tries again by itself.
            log::debug("the Kafka library says", {{"cause", message->errstr()}});
            return false;
    }
}

void Consumer::check_health() {
    events_.throw_if_grave();
    if (const auto since = events_.away_since()) {
        if (Admin(
                *link_, events_, [] {}, clock_)
                .reaches(config_.topic))
            events_.there_again();
        else if (clock_.now() >= *since + kAwayPatience)
            throw events_.no_answer("the link");
    }
    if (!member_ && clock_.now() >= outside_since_ + kOutsidePatience)
        throw events_.no_answer("the group " + config_.group + " lets nobody in");
}

void Consumer::take_in(std::size_t room, MonoTime until) {
    for (;;) {
        keep_flowing();
        const bool some = room > 0 && !come_.empty();
        // However much waits with us, each call of ours is one of the library's: it serves the group
        // meanwhile.
        const bool came = take_one(some ? 0 : slice_until(until, clock_.now()));
        if (came && (room == 0 || come_.size() < room)) continue;
        check_health();
        commit_when_due();
        if ((room > 0 && !come_.empty()) || clock_.now() >= until) return;
    }
}

std::vector<Delivery> Consumer::receive(std::size_t room, MonoTime until) {
    std::vector<Delivery> given;
    guarded([&] {
        const std::size_t most = std::min(room, prefetch_ - std::min(prefetch_, held_.size()));
        take_in(most, until);
        commit_when_due();
        while (given.size() < most && !come_.empty()) {
            Message message = std::move(come_.front());
            come_.pop_front();
            come_bytes_ -= message.body.size();
            given.push_back({.tag = ++last_tag_, .body = message.body, .again = message.again});
            held_.emplace(last_tag_, std::move(message));
        }
    });
    return given;
}

void Consumer::done(const std::vector<std::uint64_t>& tags) {
    if (!link_) return;
    for (const std::uint64_t tag : tags)
        if (const auto node = held_.extract(tag); !node.empty())
            progress_[node.mapped().partition].finish(node.mapped().offset);
    commit_when_due();
}

void Consumer::release(const std::vector<std::uint64_t>& tags) {
    for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag)
        if (auto node = held_.extract(*tag); !node.empty()) {
            node.mapped().again = true;
            come_bytes_ += node.mapped().body.size();
            come_.push_front(std::move(node.mapped()));
        }
}

void Consumer::bury(std::uint64_t tag, const std::string& why) {
    const auto found = held_.find(tag);
    if (found == held_.end()) return;
    guarded([&] {
        const std::string dead = dead_letters_of(config_.topic);
        try {
            Sender sender(config_, clock_);
            auto partitions = sender.admin().find(dead);
            if (!partitions && config_.partitions > 0) {
                sender.admin().make(dead, 1);
                partitions = 1;
            }
            if (!partitions) throw Failure(ErrorKind::config, "queue.topic", "there is no topic " + dead);
            sender.send(dead, *partitions, {found->second.body}, why);
        } catch (const Failure& failure) {
            if (failure.error().kind == ErrorKind::transient) throw;
            log::warn("a message that nobody can read is thrown away", {{"cause", failure.error().text()}});
        }
    });
    done({tag});
}

}  // namespace pagehaul::queue::kafka
