#include "engine/shared/plaintext.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "config/shown_credential.h"
#include "core/join.h"
#include "core/loopback.h"
#include "core/split.h"
#include "engine/shared/connecting.h"
#include "http/url.h"
#include "postgres/plaintext.h"
#include "queue/open.h"

namespace pagehaul::engine {
namespace {

/// A URL that a config names at `place`, and what is sent there.
struct Sent {
    std::string place;
    std::string url;
    std::string credential;
};

std::optional<std::string> in_the_clear(const Sent& sent) {
    const auto url = http::parse_url(sent.url);
    if (!url || url->scheme != "http" || is_loopback(url->host)) return std::nullopt;
    return sent.place + ": " + sent.credential + " goes to " + url->host +
           " in the clear; write https:// there, or set security.plaintext: allow";
}

template <class Auth>
bool has_auth(const Auth& auth) {
    return !std::holds_alternative<config::AuthNone>(auth);
}

/// How requests to the API show who we are, or nothing.
std::string credential_of(const config::Config& config) {
    if (has_auth(config.source.auth)) return "source.auth";
    for (const config::Stream& stream : config.streams)
        if (const auto place = config::shown_credential(stream.source.request))
            return "source.request." + *place + (stream.name.empty() ? "" : " of stream " + stream.name);
    return "";
}

/// Those of "host:port,…" that are on other machines.
std::string remote_hosts(std::string_view brokers) {
    std::vector<std::string> remote;
    for (const std::string_view broker : split(brokers, ',')) {
        const std::string_view host = broker.substr(0, broker.rfind(':'));
        if (!is_loopback(host)) remote.emplace_back(host);
    }
    return join(remote, ", ");
}

/// What would be read on the way to the broker that carries page jobs.
std::optional<std::string> queue_in_the_clear(const config::Queue& queue) {
    const auto told = [](const std::string& place, const std::string& host, const std::string& instead) {
        return place + ": the password goes to " + host + " in the clear; write " + instead +
               ", or set security.plaintext: allow";
    };
    if (const auto* rabbit = std::get_if<config::RabbitMq>(&queue)) {
        const std::string host = queue::host_of(rabbit->url.value);
        if (rabbit->url.value.starts_with("amqp://") && !is_loopback(host))
            return told("queue.url", host, "amqps://");
    }
    if (const auto* kafka = std::get_if<config::Kafka>(&queue)) {
        const std::string hosts = remote_hosts(kafka->brokers);
        if (kafka->password && !kafka->tls && !hosts.empty())
            return told("queue.brokers", hosts, "tls: true");
    }
    if (const auto* sqs = std::get_if<config::Sqs>(&queue))
        return in_the_clear({"queue.url", sqs->url, "what a session of AWS is signed with"});
    return std::nullopt;
}

}  // namespace

std::vector<std::string> plaintext_credentials(const config::Config& config,
                                               const std::optional<telemetry::TraceSettings>& traces,
                                               const std::optional<telemetry::MetricSettings>& metrics) {
    if (config.security.plaintext == config::Plaintext::allow) return {};
    std::vector<Sent> sent;
    if (const std::string credential = credential_of(config); !credential.empty())
        sent.push_back({"source.base_url", config.source.base_url, credential});
    if (const auto* tokens = std::get_if<config::OAuth2>(&config.source.auth))
        sent.push_back({"source.auth.token_url", tokens->token_url, "what tokens are asked for with"});
    if (const auto* login = std::get_if<config::Login>(&config.source.auth))
        sent.push_back({"source.auth.request.url", login->request.url, "what it logs in with"});
    const auto& gateway = config.telemetry.pushgateway;
    if (gateway && has_auth(gateway->auth))
        sent.push_back({"telemetry.pushgateway.url", gateway->url, "telemetry.pushgateway.auth"});
    const auto add = [&sent](const telemetry::OtlpTarget& to) {
        if (!to.headers.empty())
            sent.push_back({to.said_by, to.origin, "the header " + to.headers.front().first});
    };
    if (traces && traces->recording) add(*traces);
    if (metrics) add(*metrics);
    std::vector<std::string> lines;
    if (const auto line = queue_in_the_clear(config.queue)) lines.push_back(*line);
    for (const Sent& one : sent)
        if (const auto line = in_the_clear(one)) lines.push_back(*line);
    return lines;
}

std::optional<std::string> plaintext_password(const config::Config& config,
                                              postgres::Connection& connection) {
    if (config.security.plaintext == config::Plaintext::allow) return std::nullopt;
    const auto host = postgres::plaintext_host(connection, connect_options(config, ""));
    if (!host) return std::nullopt;
    return "sink.dsn: the connection to " + *host +
           ", which the password is for, is not encrypted; add sslmode=verify-full, or set "
           "security.plaintext: allow";
}

}  // namespace pagehaul::engine
