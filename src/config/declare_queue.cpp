#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"
#include "config/yaml/union.h"
#include "core/percent.h"
#include "core/split.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

template <class Q>
Object<Q> queue_object() {
    return Object<Q>().key("idle", static_cast<Millis Q::*>(&QueueLimits::idle), duration(1s, 24h),
                           "How long `work` waits for a page before it leaves.");
}

template <class Q>
Object<Q> broker_object() {
    return queue_object<Q>()
        .key("ahead", static_cast<int Q::*>(&BrokerLimits::ahead), small_integer(10, 1'000'000),
             "How many pages of a run that workers are told of may wait: more are published when some are "
             "taken.")
        .key("pages_per_message", static_cast<int Q::*>(&BrokerLimits::pages_per_message),
             small_integer(1, 100),
             "How many pages a message names at most. A worker takes all of them; where few are left, a "
             "message names fewer.");
}

/// Between "//" and "@", or nothing.
std::string_view user_info(std::string_view url) {
    const std::size_t begin = url.find("://") + 3;
    const std::string_view authority = url.substr(begin, url.find_first_of("/?", begin) - begin);
    const std::size_t at = authority.rfind('@');
    return at == std::string_view::npos ? std::string_view{} : authority.substr(0, at);
}

bool check_amqp(const Node& node, Reader& reader, RabbitMq& queue) {
    const std::string_view url = queue.url.value;
    if (!url.starts_with("amqp://") && !url.starts_with("amqps://"))
        return reader.refuse_member(node, "url",
                                    "expected amqps://USER:PASSWORD@HOST/VHOST, or amqp:// where the network "
                                    "is trusted");
    const std::string_view user = user_info(url);
    const std::size_t colon = user.find(':');
    if (colon != std::string_view::npos) {
        reader.add_secret(user.substr(colon + 1));
        if (const auto plain = percent_decode(user.substr(colon + 1))) reader.add_secret(*plain);
    }
    if (!queue.ca.empty() && url.starts_with("amqp://"))
        return reader.refuse_member(node, "ca", "expected an amqps:// URL beside a CA");
    return true;
}

Type<std::string> queue_name(const std::string& what) {
    return ruled_text(what, "^[A-Za-z0-9._-]{1,200}$",
                      [](std::string_view name) -> std::optional<std::string> {
                          const bool good = !name.empty() && name.size() <= 200 &&
                                            name.find_first_not_of(
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                "0123456789._-") == std::string_view::npos;
                          return good ? std::nullopt : std::optional<std::string>("");
                      });
}

Type<std::string> file_path() {
    return ruled_text("a file's path", "^.+$", [](std::string_view path) -> std::optional<std::string> {
        return path.empty() ? std::optional<std::string>("") : std::nullopt;
    });
}

std::optional<std::string> brokers_fault(std::string_view list) {
    for (const std::string_view one : split(list, ',')) {
        const std::size_t colon = one.rfind(':');
        const auto port =
            colon == std::string_view::npos ? std::nullopt : parse_integer(one.substr(colon + 1));
        if (colon == 0 || !port || *port < 1 || *port > 65'535) return "";
    }
    return std::nullopt;
}

bool check_kafka(const Node& node, Reader& reader, Kafka& queue) {
    bool good = true;
    if (queue.username.has_value() != queue.password.has_value())
        good = reader.refuse_member(node, queue.username ? "username" : "password",
                                    "expected username and password, both or neither");
    if (!queue.ca.empty() && !queue.tls)
        good = reader.refuse_member(node, "ca", "expected tls: true beside a CA");
    return good;
}

/// "https://host:port".
std::string_view origin(std::string_view url) {
    return url.substr(0, url.find('/', url.find("://") + 3));
}

bool check_sqs(const Node& node, Reader& reader, Sqs& queue) {
    const std::string_view url = queue.url;
    bool good = true;
    if (url.size() <= origin(url).size() + 1)
        good = reader.refuse_member(node, "url",
                                    "expected the URL of a queue, with a path such as /ACCOUNT/NAME");
    else if (url.ends_with(".fifo"))
        good =
            reader.refuse_member(node, "url",
                                 "expected a standard queue: of a FIFO queue one page after the other would "
                                 "be pulled");
    if (queue.dead && origin(*queue.dead) != origin(url))
        good = reader.refuse_member(node, "dead",
                                    "expected a queue of the server that url names: credentials go to "
                                    "no other");
    return good;
}

}  // namespace

Type<Queue> declare_queue() {
    return Union<Queue>("type")
        .choice("ledger", queue_object<LedgerQueue>())
        .choice(
            "rabbitmq",
            broker_object<RabbitMq>()
                .required("url", &RabbitMq::url, secret(),
                          "The broker, amqps://USER:PASSWORD@HOST/VHOST. What is not a letter or digit in "
                          "user name, password and virtual host is percent-encoded.")
                .key("name", &RabbitMq::name,
                     queue_name("a queue's name of at most 200 letters, digits, ., _ and -"),
                     "The queue, made where it is missing, with one for dead letters beside it, "
                     "NAME.dead. Left out: pagehaul.PIPELINE.")
                .derived()
                .key("ca", &RabbitMq::ca, file_path(),
                     "A PEM file with the authority that signed the broker's certificate. Left out: what "
                     "the machine trusts.")
                .derived()
                .check({"url", "ca"}, check_amqp))
        .choice(
            "kafka",
            broker_object<Kafka>()
                .required("brokers", &Kafka::brokers,
                          ruled_text("host:port, or several of them with commas between", "^.+:[0-9]+$",
                                     brokers_fault),
                          "Brokers to begin with, host:port,host:port.")
                .key("topic", &Kafka::topic,
                     queue_name("a topic's name of at most 200 letters, digits, ., _ and -"),
                     "The topic. Left out: pagehaul.PIPELINE.")
                .derived()
                .key("group", &Kafka::group,
                     queue_name("a group's name of at most 200 letters, digits, ., _ and -"),
                     "The consumer group of the workers. Left out: the topic's name.")
                .derived()
                .key("partitions", &Kafka::partitions, small_integer(0, 10'000),
                     "A topic that is missing is made with so many; 0: it must be there. No more worker "
                     "processes than partitions get messages.")
                .key("tls", &Kafka::tls, boolean(), "Whether to speak TLS with the brokers.")
                .key("ca", &Kafka::ca, file_path(),
                     "A PEM file with the authority that signed the brokers' certificates. Left out: what "
                     "the machine trusts.")
                .derived()
                .key("mechanism", &Kafka::mechanism,
                     choice<KafkaMechanism>({{"plain", KafkaMechanism::plain},
                                             {"scram-sha-256", KafkaMechanism::scram_sha_256},
                                             {"scram-sha-512", KafkaMechanism::scram_sha_512}}),
                     "How user name and password are shown (SASL).")
                .key("username", &Kafka::username, optionally(user_name()), "The user's name.")
                .key("password", &Kafka::password, optionally(secret()), "The user's password.")
                .check({"username", "password", "tls", "ca"}, check_kafka))
        .choice(
            "sqs",
            broker_object<Sqs>()
                .required("url", &Sqs::url, url(),
                          "The queue, a standard one, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or of "
                          "another server that speaks SQS. It must be there. Credentials: AWS's variables.")
                .key("dead", &Sqs::dead, optionally(url()),
                     "The queue for dead letters, which the queue's redrive policy names. What cannot be "
                     "read goes there; left out: away.")
                .key("region", &Sqs::region, queue_name("a region such as eu-central-1"),
                     "Left out: as in the URL, or AWS_REGION; for a server that is not AWS's us-east-1.")
                .derived()
                .check({"url", "dead"}, check_sqs));
}

bool name_queue(const Node&, Reader&, Config& config) {
    const std::string name = "pagehaul." + config.pipeline;
    if (auto* rabbitmq = std::get_if<RabbitMq>(&config.queue)) {
        if (rabbitmq->name.empty()) rabbitmq->name = name;
    } else if (auto* kafka = std::get_if<Kafka>(&config.queue)) {
        if (kafka->topic.empty()) kafka->topic = name;
        if (kafka->group.empty()) kafka->group = kafka->topic;
    }
    return true;
}

}  // namespace pagehaul::config
