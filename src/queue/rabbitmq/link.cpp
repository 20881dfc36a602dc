#include "queue/rabbitmq/link.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "core/error.h"

namespace pagehaul::queue::rabbitmq {
namespace {

constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};
/// Silence of twice as long means that the link is dead (AMQP 0-9-1, 4.2.7).
constexpr int kHeartbeatSeconds = 10;
constexpr int kFrameBytes = 131'072;
/// Hands a message out so often at most: then it has killed, or lost, everybody who had it.
constexpr int kDeliveryLimit = 20;
constexpr amqp_channel_t kOther = 2;

amqp_bytes_t bytes_of(const std::string& text) {
    return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

std::string text_of(amqp_bytes_t bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

/// AMQP 0-9-1, "constants": what of a refusal is ours to mend.
ErrorKind kind_of(int reply_code) {
    switch (reply_code) {
        case AMQP_ACCESS_REFUSED:
            return ErrorKind::credential;
        case AMQP_NOT_FOUND:
        case AMQP_RESOURCE_LOCKED:
        case AMQP_PRECONDITION_FAILED:
        case AMQP_NOT_ALLOWED:
        case AMQP_NOT_IMPLEMENTED:
            return ErrorKind::config;
        default:
            return ErrorKind::transient;
    }
}

struct Refusal {
    int code = 0;
    std::string text;
};

std::optional<Refusal> refusal_in(const amqp_method_t& method) {
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
        return Refusal{close->reply_code, text_of(close->reply_text)};
    }
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
        return Refusal{close->reply_code, text_of(close->reply_text)};
    }
    return std::nullopt;
}

Failure refused(const std::string& what, const Refusal& refusal) {
    return Failure(kind_of(refusal.code), "queue.url", what + ": the broker says " + refusal.text);
}

void throw_unless_normal(const amqp_rpc_reply_t& reply, const std::string& what) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        if (const auto refusal = refusal_in(reply.reply)) throw refused(what, *refusal);
    throw Failure(ErrorKind::transient, "queue.url",
                  what + ": " +
                      (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                           ? std::string(amqp_error_string2(reply.library_error))
                           : std::string("no answer")));
}

}  // namespace

timeval time_left(MonoTime until, MonoTime now) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(until - now).count();
    const auto us = std::clamp<std::int64_t>(left, 0, 3'600'000'000);
    return {.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
}

Link::Link(const config::RabbitMq& config, const Clock& clock)
    : config_(config), clock_(clock), connection_(amqp_new_connection()) {
    if (connection_ == nullptr) throw Failure(ErrorKind::transient, "queue.url", "out of memory");
    try {
        // Parsed in place.
        std::string url = config_.url.value;
        amqp_connection_info info{};
        if (amqp_parse_url(url.data(), &info) != AMQP_STATUS_OK)
            throw Failure(ErrorKind::config, "queue.url",
                          "not an AMQP URL: expected amqps://USER:PASSWORD@HOST/VHOST with everything but "
                          "letters and digits percent-encoded");
        open_socket(info);
        throw_unless_normal(amqp_login(connection_, info.vhost, 16, kFrameBytes, kHeartbeatSeconds,
                                       AMQP_SASL_METHOD_PLAIN, info.user, info.password),
                            "login");
        open_channel(channel);
        open_channel(kOther);
        make_queues();
    } catch (...) {
        amqp_destroy_connection(connection_);
        throw;
    }
}

Link::~Link() {
    // Bounded by the time-out for answers; what is not settled the broker hands out again.
    amqp_connection_close(connection_, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection_);
}

void Link::open_socket(const amqp_connection_info& info) {
    amqp_set_handshake_timeout(connection_, &kPatience);
    amqp_set_rpc_timeout(connection_, &kPatience);
    amqp_socket_t* socket = nullptr;
    if (info.ssl != 0) {
        amqp_set_initialize_ssl_library(0);  // OpenSSL does that itself
        socket = amqp_ssl_socket_new(connection_);
        if (socket == nullptr) throw Failure(ErrorKind::transient, "queue.url", "out of memory");
        amqp_ssl_socket_set_verify_peer(socket, 1);
        amqp_ssl_socket_set_verify_hostname(socket, 1);
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
        if (config_.ca.empty()) {
            SSL_CTX_set_default_verify_paths(static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket)));
        } else if (amqp_ssl_socket_set_cacert(socket, config_.ca.c_str()) != AMQP_STATUS_OK) {
            throw Failure(ErrorKind::config, "queue.ca",
                          config_.ca + ": expected a readable PEM file with certificates");
        }
    } else {
        socket = amqp_tcp_socket_new(connection_);
        if (socket == nullptr) throw Failure(ErrorKind::transient, "queue.url", "out of memory");
    }
    const std::string place = std::string(info.host) + ":" + std::to_string(info.port);
    const int status = amqp_socket_open_noblock(socket, info.host, info.port, &kPatience);
    if (status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED || status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED)
        throw Failure(ErrorKind::config, "queue.url",
                      place + ": " + amqp_error_string2(status) +
                          "; expected a certificate for that host, "
                          "signed by whom queue.ca names or the machine trusts");
    check(status, place);
}

void Link::open_channel(amqp_channel_t number) {
    amqp_channel_open(connection_, number);
    check_answer("opening a channel");
}

std::optional<std::int64_t> Link::find(const std::string& queue, amqp_channel_t number) {
    const amqp_queue_declare_ok_t* told =
        amqp_queue_declare(connection_, number, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
    if (told != nullptr) return told->message_count;
    const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection_);
    const auto refusal =
        reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION ? refusal_in(reply.reply) : std::nullopt;
    if (!refusal || refusal->code != AMQP_NOT_FOUND || reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD)
        throw_unless_normal(reply, "queue " + queue);
    // The refusal has closed it.
    amqp_channel_close_ok_t closed{};
    check(amqp_send_method(connection_, number, AMQP_CHANNEL_CLOSE_OK_METHOD, &closed), "closing a channel");
    amqp_maybe_release_buffers(connection_);
    open_channel(number);
    return std::nullopt;
}

void Link::make_queues() {
    // Looked at first: whoever may only read and write need not be allowed to declare.
    if (find(config_.name, kOther)) return;
    const std::string dead = config_.name + ".dead";
    const auto text = [](const char* key, const char* value) {
        amqp_table_entry_t entry{.key = amqp_cstring_bytes(key), .value = {}};
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = amqp_cstring_bytes(value);
        return entry;
    };
    const auto number = [](const char* key, std::int32_t value) {
        amqp_table_entry_t entry{.key = amqp_cstring_bytes(key), .value = {}};
        entry.value.kind = AMQP_FIELD_KIND_I32;
        entry.value.value.i32 = value;
        return entry;
    };
    amqp_table_entry_t quorum[] = {text("x-queue-type", "quorum")};
    amqp_queue_declare(connection_, kOther, bytes_of(dead), 0, 1, 0, 0,
                       {.num_entries = 1, .entries = quorum});
    check_answer("declaring the queue " + dead);
    amqp_table_entry_t arguments[] = {text("x-queue-type", "quorum"), text("x-dead-letter-exchange", ""),
                                      text("x-dead-letter-routing-key", dead.c_str()),
                                      number("x-delivery-limit", kDeliveryLimit)};
    amqp_queue_declare(connection_, kOther, bytes_of(config_.name), 0, 1, 0, 0,
                       {.num_entries = 4, .entries = arguments});
    check_answer("declaring the queue " + config_.name);
}

std::int64_t Link::ready() {
    const auto waiting = find(config_.name, kOther);
    if (!waiting) throw Failure(ErrorKind::transient, "queue.name", config_.name + " was deleted");
    return *waiting;
}

std::optional<std::int64_t> Link::dead() {
    return find(config_.name + ".dead", kOther);
}

void Link::check(int status, const std::string& what) const {
    if (status == AMQP_STATUS_OK) return;
    throw Failure(ErrorKind::transient, "queue.url", what + ": " + amqp_error_string2(status));
}

void Link::check_answer(const std::string& what) const {
    throw_unless_normal(amqp_get_rpc_reply(connection_), what);
}

void Link::fail_by(const amqp_frame_t& frame) const {
    if (frame.frame_type == AMQP_FRAME_METHOD) {
        if (const auto refusal = refusal_in(frame.payload.method)) throw refused("the link", *refusal);
        if (frame.payload.method.id == AMQP_BASIC_CANCEL_METHOD)
            throw Failure(ErrorKind::transient, "queue.name", config_.name + " was deleted");
    }
    throw Failure(ErrorKind::transient, "queue.url", "the broker sent what nobody asked for");
}

std::optional<amqp_frame_t> Link::next_frame(MonoTime until) {
    amqp_frame_t frame{};
    amqp_maybe_release_buffers(connection_);
    const timeval left = time_left(until, clock_.now());
    const int status = amqp_simple_wait_frame_noblock(connection_, &frame, &left);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    check(status, "the link");
    return frame;
}

}  // namespace pagehaul::queue::rabbitmq
