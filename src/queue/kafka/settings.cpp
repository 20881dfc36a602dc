#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

const char* mechanism_name(config::KafkaMechanism mechanism) {
    switch (mechanism) {
        case config::KafkaMechanism::plain:
            return "PLAIN";
        case config::KafkaMechanism::scram_sha_256:
            return "SCRAM-SHA-256";
        case config::KafkaMechanism::scram_sha_512:
            return "SCRAM-SHA-512";
    }
    throw Failure(ErrorKind::bug, "queue.mechanism", "unknown");
}

}  // namespace

void set(RdKafka::Conf& conf, const std::string& name, const std::string& value) {
    std::string reason;
    if (conf.set(name, value, reason) != RdKafka::Conf::CONF_OK)
        throw Failure(ErrorKind::config, "queue", "the Kafka library refuses its setting " + name);
}

std::unique_ptr<RdKafka::Conf> common_settings(const config::Kafka& config) {
    std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    const bool sasl = config.username.has_value();
    set(*conf, "bootstrap.servers", config.brokers);
    set(*conf, "client.id", "pagehaul");
    set(*conf, "security.protocol",
        config.tls ? (sasl ? "sasl_ssl" : "ssl") : (sasl ? "sasl_plaintext" : "plaintext"));
    if (config.tls) {
        set(*conf, "ssl.endpoint.identification.algorithm", "https");
        if (!config.ca.empty()) set(*conf, "ssl.ca.location", config.ca);
    }
    if (sasl) {
        set(*conf, "sasl.mechanisms", mechanism_name(config.mechanism));
        set(*conf, "sasl.username", config.username->value);
        set(*conf, "sasl.password", config.password->value);
    }
    // How long a broker that says nothing can hold up the end of a handle.
    set(*conf, "socket.timeout.ms", "5000");
    set(*conf, "socket.connection.setup.timeout.ms", "5000");
    set(*conf, "socket.keepalive.enable", "true");
    set(*conf, "reconnect.backoff.max.ms", "2000");
    // Partitions that were added are seen within a minute.
    set(*conf, "topic.metadata.refresh.interval.ms", "60000");
    // Or whoever only looks for a topic would have the broker make it, with as many partitions as it likes.
    set(*conf, "allow.auto.create.topics", "false");
    return conf;
}

ErrorKind kind_of(RdKafka::ErrorCode code) {
    switch (code) {
        case RdKafka::ERR__AUTHENTICATION:
        case RdKafka::ERR_SASL_AUTHENTICATION_FAILED:
        case RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED:
        case RdKafka::ERR_GROUP_AUTHORIZATION_FAILED:
        case RdKafka::ERR_CLUSTER_AUTHORIZATION_FAILED:
            return ErrorKind::credential;
        // A connection that is lost in the midst of a handshake is ERR__TRANSPORT to the library.
        case RdKafka::ERR__SSL:
        case RdKafka::ERR__INVALID_ARG:
        case RdKafka::ERR__UNSUPPORTED_FEATURE:
        case RdKafka::ERR_UNSUPPORTED_SASL_MECHANISM:
        case RdKafka::ERR_ILLEGAL_SASL_STATE:
        case RdKafka::ERR_UNSUPPORTED_VERSION:
        case RdKafka::ERR_TOPIC_EXCEPTION:
        case RdKafka::ERR_INVALID_PARTITIONS:
        case RdKafka::ERR_INVALID_REPLICATION_FACTOR:
        case RdKafka::ERR_INVALID_CONFIG:
        case RdKafka::ERR_POLICY_VIOLATION:
        case RdKafka::ERR_INVALID_SESSION_TIMEOUT:
        case RdKafka::ERR_INCONSISTENT_GROUP_PROTOCOL:
        case RdKafka::ERR_GROUP_MAX_SIZE_REACHED:
        case RdKafka::ERR_MSG_SIZE_TOO_LARGE:
            return ErrorKind::config;
        default:
            return ErrorKind::transient;
    }
}

std::string origin_of(RdKafka::ErrorCode code) {
    switch (code) {
        case RdKafka::ERR__AUTHENTICATION:
        case RdKafka::ERR_SASL_AUTHENTICATION_FAILED:
            return "queue.password";
        case RdKafka::ERR_UNSUPPORTED_SASL_MECHANISM:
            return "queue.mechanism";
        case RdKafka::ERR_GROUP_AUTHORIZATION_FAILED:
        case RdKafka::ERR_GROUP_MAX_SIZE_REACHED:
        case RdKafka::ERR_INCONSISTENT_GROUP_PROTOCOL:
            return "queue.group";
        case RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED:
        case RdKafka::ERR_TOPIC_EXCEPTION:
        case RdKafka::ERR_UNKNOWN_TOPIC_OR_PART:
        case RdKafka::ERR_POLICY_VIOLATION:
            return "queue.topic";
        case RdKafka::ERR_INVALID_PARTITIONS:
            return "queue.partitions";
        default:
            return "queue.brokers";
    }
}

Failure failure_of(RdKafka::ErrorCode code, const std::string& what) {
    return Failure(kind_of(code), origin_of(code), what + ": " + RdKafka::err2str(code));
}

Failure unusable(const std::string& reason) {
    if (reason.find("ssl.ca.location") != std::string::npos)
        return Failure(ErrorKind::config, "queue.ca", "expected a readable PEM file with certificates");
    return Failure(ErrorKind::config, "queue", "the Kafka library says: " + reason);
}

}  // namespace pagehaul::queue::kafka
