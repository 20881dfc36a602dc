#include "queue/open.h"

#include <algorithm>

#include "core/error.h"
#include "queue/kafka/consumer.h"
#include "queue/kafka/publisher.h"
#include "queue/rabbitmq/consumer.h"
#include "queue/rabbitmq/publisher.h"
#include "queue/relay/consumer.h"
#include "queue/sqs/consumer.h"
#include "queue/sqs/publisher.h"

namespace pagehaul::queue {
namespace {

[[noreturn]] void fail_not_brokered() {
    throw Failure(ErrorKind::bug, "queue", "the ledger's own queue carries no messages");
}

/// What the broker's queue has; 0 without a broker.
std::size_t limit(const config::Queue& queue, int config::BrokerLimits::*which) {
    return std::visit(
        [which](const auto& kind) -> std::size_t {
            if constexpr (std::is_base_of_v<config::BrokerLimits, std::decay_t<decltype(kind)>>)
                return static_cast<std::size_t>(kind.*which);
            else
                return 0;
        },
        queue);
}

}  // namespace

bool is_brokered(const config::Queue& queue) {
    return !std::holds_alternative<config::LedgerQueue>(queue);
}

std::size_t ahead(const config::Queue& queue) {
    return limit(queue, &config::BrokerLimits::ahead);
}

std::size_t pages_per_message(const config::Queue& queue) {
    return limit(queue, &config::BrokerLimits::pages_per_message);
}

Millis idle(const config::Queue& queue) {
    return std::visit([](const auto& kind) { return kind.idle; }, queue);
}

std::unique_ptr<Consumer> open_consumer(const config::Queue& queue, std::size_t prefetch,
                                        const Clock& clock) {
    if (const auto* rabbit = std::get_if<config::RabbitMq>(&queue))
        return std::make_unique<rabbitmq::Consumer>(*rabbit, prefetch, clock);
    if (const auto* sqs = std::get_if<config::Sqs>(&queue))
        return std::make_unique<sqs::Consumer>(*sqs, clock);
    if (const auto* kafka = std::get_if<config::Kafka>(&queue))
        return std::make_unique<kafka::Consumer>(*kafka, prefetch, clock);
    fail_not_brokered();
}

std::unique_ptr<Publisher> open_publisher(const config::Queue& queue, const Clock& clock) {
    if (const auto* rabbit = std::get_if<config::RabbitMq>(&queue))
        return std::make_unique<rabbitmq::Publisher>(*rabbit, clock);
    if (const auto* sqs = std::get_if<config::Sqs>(&queue))
        return std::make_unique<sqs::Publisher>(*sqs, clock);
    if (const auto* kafka = std::get_if<config::Kafka>(&queue))
        return std::make_unique<kafka::Publisher>(*kafka, clock);
    fail_not_brokered();
}

std::string host_of(const std::string& url) {
    std::string rest = url.substr(url.find("://") + 3);
    rest = rest.substr(0, rest.find_first_of("/?"));
    if (const auto at = rest.rfind('@'); at != std::string::npos) rest = rest.substr(at + 1);
    if (rest.starts_with('[')) return rest.substr(0, rest.find(']') + 1);
    return rest.substr(0, rest.find(':'));
}

std::unique_ptr<Consumer> open_relay(int fd, const Clock& clock) {
    return std::make_unique<relay::Consumer>(fd, clock);
}

std::string describe(const config::Queue& queue) {
    if (const auto* rabbit = std::get_if<config::RabbitMq>(&queue)) return "rabbitmq queue " + rabbit->name;
    if (const auto* kafka = std::get_if<config::Kafka>(&queue)) return "kafka topic " + kafka->topic;
    if (const auto* sqs = std::get_if<config::Sqs>(&queue)) return "sqs queue " + sqs->url;
    return "ledger";
}

std::string identity(const config::Queue& queue) {
    std::string where;
    if (const auto* rabbit = std::get_if<config::RabbitMq>(&queue)) {
        const std::string& url = rabbit->url.value;
        where = url.substr(std::min(
            url.size(), url.rfind('@') == std::string::npos ? url.find("://") + 3 : url.rfind('@') + 1));
    }
    if (const auto* kafka = std::get_if<config::Kafka>(&queue)) where = kafka->brokers + " " + kafka->group;
    return describe(queue) + " " + where;
}

}  // namespace pagehaul::queue
