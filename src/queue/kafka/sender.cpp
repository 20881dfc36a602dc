#include "queue/kafka/sender.h"

#include <random>

#include "core/error.h"
#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

using namespace std::chrono_literals;

/// The library's own limit for a message is below it, and says why.
constexpr std::chrono::seconds kConfirmLimit{15};
constexpr int kPollMs = 100;

}  // namespace

Sender::Sender(const config::Kafka& config, const Clock& clock)
    : clock_(clock), events_(clock), next_(std::random_device{}()) {
    const auto conf = common_settings(config);
    set(*conf, "enable.idempotence", "true");
    set(*conf, "message.timeout.ms", "10000");
    set(*conf, "linger.ms", "5");
    set(*conf, "queue.buffering.max.messages", "20000");
    set(*conf, "queue.buffering.max.kbytes", "8192");
    std::string reason;
    conf->set("event_cb", static_cast<RdKafka::EventCb*>(&events_), reason);
    conf->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), reason);
    producer_.reset(RdKafka::Producer::create(conf.get(), reason));
    if (!producer_) throw unusable(reason);
}

Sender::~Sender() {
    // What nobody waits for must not hold up the end.
    if (unconfirmed_ > 0)
        producer_->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
}

void Sender::dr_cb(RdKafka::Message& message) {
    --unconfirmed_;
    if (message.err() != RdKafka::ERR_NO_ERROR && !refused_) refused_ = message.err();
}

void Sender::check(const std::string& topic, MonoTime until) {
    events_.throw_if_grave();
    if (refused_ && kind_of(*refused_) != ErrorKind::transient) throw failure_of(*refused_, "topic " + topic);
    if (refused_ || clock_.now() >= until)
        throw events_.no_answer("topic " + topic + ": the brokers do not confirm" +
                                (refused_ ? ", " + RdKafka::err2str(*refused_) : std::string()));
}

void Sender::produce(const std::string& topic, int partition, const std::string& body, const std::string& why,
                     MonoTime until) {
    for (;;) {
        // Theirs once the message is.
        std::unique_ptr<RdKafka::Headers> headers;
        if (!why.empty()) {
            headers.reset(RdKafka::Headers::create());
            headers->add("why", why);
        }
        const RdKafka::ErrorCode code = producer_->produce(topic, partition, RdKafka::Producer::RK_MSG_COPY,
                                                           const_cast<char*>(body.data()), body.size(),
                                                           nullptr, 0, 0, headers.get(), nullptr);
        if (code == RdKafka::ERR_NO_ERROR) {
            static_cast<void>(headers.release());
            ++unconfirmed_;
            return;
        }
        if (code != RdKafka::ERR__QUEUE_FULL) throw failure_of(code, "topic " + topic);
        producer_->poll(kPollMs);
        check(topic, until);
    }
}

void Sender::send(const std::string& topic, int partitions, const std::vector<std::string>& bodies,
                  const std::string& why) {
    const MonoTime until = clock_.now() + kConfirmLimit;
    for (const std::string& body : bodies)
        produce(topic, static_cast<int>(next_++ % static_cast<std::uint64_t>(partitions)), body, why, until);
    while (unconfirmed_ > 0) {
        producer_->poll(kPollMs);
        check(topic, until);
    }
}

Admin Sender::admin() {
    return Admin(
        *producer_, events_, [this] { producer_->poll(0); }, clock_);
}

}  // namespace pagehaul::queue::kafka
