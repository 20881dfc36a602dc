#include "telemetry/push.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "http/authorize.h"
#include "http/url.h"
#include "log/log.h"

namespace pagehaul::telemetry {
namespace {

constexpr std::int64_t kLogEvery = 10;
constexpr std::size_t kMaxAnswer = 64UL * 1024;
constexpr std::size_t kExcerpt = 200;
constexpr std::string_view kOrigin = "telemetry.pushgateway.url";
constexpr std::string_view kAuthOrigin = "telemetry.pushgateway.auth";

// The grouping key is the pipeline and where it runs: with a pod's name or a run's id in it every run would
// leave a group behind for ever.
std::string group_of(std::string_view pipeline, const config::MetricLabels& labels) {
    std::string path = "/metrics/job/pagehaul";
    for (const auto& [label, value] : group_labels(pipeline, labels))
        path += "/" + label + "/" + http::encode_component(value);
    return path;
}

}  // namespace

bool refuses_credential(int status) {
    return status == 401 || status == 403;
}

ErrorKind kind_of_refusal(int status) {
    if (refuses_credential(status)) return ErrorKind::credential;
    return status >= 400 && status < 500 ? ErrorKind::permanent : ErrorKind::transient;
}

std::vector<std::pair<std::string, std::string>> group_labels(std::string_view pipeline,
                                                              const config::MetricLabels& labels) {
    std::vector<std::pair<std::string, std::string>> group;
    if (!labels.cluster.empty()) group.emplace_back("cluster", labels.cluster);
    if (!labels.namespace_of.empty()) group.emplace_back("namespace", labels.namespace_of);
    group.emplace_back("pipeline", pipeline);
    return group;
}

Result<Gateway> gateway_of(const config::Pushgateway& config, std::string_view pipeline,
                           const config::MetricLabels& labels) {
    const auto url = http::parse_url(config.url);
    if (!url) return fail(ErrorKind::config, std::string(kOrigin), url.error().message);
    return Gateway{.origin = url->origin(),
                   .prefix = url->path,
                   .group = group_of(pipeline, labels),
                   .auth = config.auth};
}

Result<http::Request> request_to(const Gateway& gateway, std::string method, std::string_view path) {
    http::Request request{.method = std::move(method), .target = http::join_path(gateway.prefix, path)};
    if (auto done = http::authorize(request, gateway.auth, kAuthOrigin); !done)
        return tl::unexpected<Error>(done.error());
    return request;
}

Result<void> push_once(http::Transport& transport, const Gateway& gateway, std::string body,
                       const Clock& clock, std::stop_token stop, Nanos limit) {
    // Not by prometheus-cpp's Gateway: it waits without end for one that hangs, prints the answer to stdout
    // and encodes no label. POST, which merges: series that a push lacks stay; PUT would replace the group.
    auto request = request_to(gateway, "POST", gateway.group);
    if (!request) return tl::unexpected<Error>(request.error());
    request->body = std::move(body);
    request->content_type = "text/plain; version=0.0.4; charset=utf-8";
    const http::Bounds bounds{
        .deadline = Deadline::after(clock.now(), limit), .max_body = kMaxAnswer, .reserve = {}};
    const auto response = transport.send(*request, bounds, stop);
    if (!response) return fail(response.error().kind, std::string(kOrigin), response.error().message);
    if (response->status >= 200 && response->status < 300) return {};
    return fail(kind_of_refusal(response->status),
                std::string(refuses_credential(response->status) ? kAuthOrigin : kOrigin),
                "the gateway answered " + std::to_string(response->status) + ": " +
                    log::excerpt(response->body.view(), kExcerpt));
}

Way way_to(Gateway gateway, std::unique_ptr<http::Transport> transport, Render text, Millis interval,
           const Clock& clock) {
    // Shared, since what is kept in a std::function must be copyable; there is one owner.
    return {
        .place = std::string(kOrigin),
        .push =
            [gateway = std::move(gateway), transport = std::shared_ptr<http::Transport>(std::move(transport)),
             text = std::move(text), &clock](std::int64_t failures, std::stop_token stop, Nanos limit) {
                return push_once(*transport, gateway, text(failures), clock, std::move(stop), limit);
            },
        .interval = interval};
}

Pusher::Pusher(Way way, const Clock& clock) : way_(std::move(way)), clock_(clock) {}

Pusher::~Pusher() = default;  // jthread: stops and joins

void Pusher::lead(bool leads) {
    {
        const MutexLock lock(mutex_);
        leads_ = leads;
    }
    led_.notify_all();
}

void Pusher::start() {
    if (!thread_.joinable()) thread_ = std::jthread([this](std::stop_token stop) { loop(stop); });
}

bool Pusher::finish(Nanos limit) {
    if (std::exchange(finished_, true)) return last_ok_;
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    last_ok_ = push({}, std::min(limit, way_.limit));
    return last_ok_;
}

std::int64_t Pusher::failures() const {
    const MutexLock lock(mutex_);
    return failures_;
}

bool Pusher::wait_to_lead(std::stop_token stop) {
    MutexLock lock(mutex_);
    return led_.wait(lock, std::move(stop), [&]() PAGEHAUL_REQUIRES(mutex_) { return leads_; });
}

void Pusher::loop(std::stop_token stop) {
    while (wait_to_lead(stop)) {
        push(stop, way_.limit);
        if (!clock_.wait_until(clock_.now() + way_.interval, stop)) return;
    }
}

bool Pusher::push(std::stop_token stop, Nanos limit) {
    Result<void> pushed;
    try {
        pushed = way_.push(failures(), stop, limit);
    } catch (const std::exception& failure) {
        // Metrics never end a run, whatever goes wrong in them.
        pushed = fail(ErrorKind::bug, way_.place, failure.what());
    }
    const MutexLock lock(mutex_);
    if (pushed) {
        if (std::exchange(in_a_row_, 0) > 0) log::info("metrics are pushed again", {{"to", way_.place}});
        return true;
    }
    if (pushed.error().kind == ErrorKind::cancelled) return false;
    ++failures_;
    if (in_a_row_++ % kLogEvery == 0) {
        log::warn("metrics could not be pushed", {{"error", pushed.error().text()}, {"attempt", in_a_row_}});
    }
    return false;
}

void Pushers::lead(bool leads) {
    for (const auto& pusher : each_)
        pusher->lead(leads);
}

void Pushers::start() {
    for (const auto& pusher : each_)
        pusher->start();
}

void Pushers::finish(Nanos limit) {
    std::vector<std::jthread> threads;
    for (const auto& pusher : each_)
        threads.emplace_back([&pusher, limit] { pusher->finish(limit); });
}

}  // namespace pagehaul::telemetry
