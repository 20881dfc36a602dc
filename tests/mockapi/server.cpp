#include "server.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <system_error>

namespace mockapi {
namespace {

// What an epoll event is about, where it is no connection.
constexpr std::uint64_t kListener = 1;
constexpr std::uint64_t kTimer = 2;
constexpr std::uint64_t kSignals = 3;

Time now() {
    return std::chrono::steady_clock::now();
}

Fd block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

bool is_page_path(std::string_view path) {
    return path.ends_with("/data/report/offline/creative") || path.ends_with("/rows");
}

}  // namespace

Server::Server(Api& api, const std::string& address, std::uint16_t port)
    : api_(api),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      signals_(block_signals()),
      address_(address),
      listener_(listen_on(address_, port)),
      port_(port_of(listener_)) {
    if (!epoll_ || !timer_ || !signals_) throw std::system_error(errno, std::generic_category(), "epoll");
    watch(listener_.get(), kListener, EPOLLIN);
    watch(timer_.get(), kTimer, EPOLLIN);
    watch(signals_.get(), kSignals, EPOLLIN);
}

void Server::watch(int fd, std::uint64_t id, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

void Server::run() {
    std::array<epoll_event, 64> events{};
    while (!stopping_) {
        arm();
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            on_event(event.data.u64, event.events);
        }
        settle();
    }
}

void Server::on_event(std::uint64_t id, std::uint32_t events) {
    if (id == kListener) return accept_all();
    if (id == kTimer) return on_timers();
    if (id == kSignals) {
        stopping_ = true;
        return;
    }
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    auto& connection = *found->second;
    if ((events & EPOLLOUT) != 0U) {
        push(connection);
        if (!connections_.contains(id)) return;
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0U) {
        if (!connection.receive()) return drop(id);
        read_requests(connection);
    }
}

void Server::accept_all() {
    while (auto socket = accept_from(listener_)) {
        const auto id = next_id_++;
        watch(socket.get(), id, EPOLLIN);
        connections_.emplace(id, std::make_unique<Connection>(std::move(socket), id));
        ++api_.log().counters().connections;
    }
}

void Server::read_requests(Connection& connection) {
    const auto id = connection.id;
    while (!connection.reply && !connection.input.empty()) {
        HttpRequest request;
        std::size_t used = 0;
        switch (parse_request(connection.input, request, used)) {
            case Parse::incomplete:
                return;
            case Parse::bad:
                connection.input.clear();
                connection.reply = answer(400, R"({"error":"bad request"})", "Connection: close\r\n");
                connection.reply->finish = Reply::Finish::close;
                push(connection);
                break;
            case Parse::complete:
                connection.input.erase(0, used);
                start(connection, request);
                break;
        }
        if (!connections_.contains(id)) return;
    }
}

void Server::start(Connection& connection, const HttpRequest& request) {
    const auto at = now();
    ++connection.serial;
    if (is_page_path(request.path))
        connection.reply = api_.page(request, at);
    else if (request.path == "/oauth/token")
        connection.reply = api_.token(request, at);
    else
        connection.reply = control(api_, request, connection.waiting);
    switch (connection.reply->when) {
        case Reply::When::never:
            return;
        case Reply::When::when_released:
            connection.held = true;
            ++api_.log().counters().held;
            held_.push_back(connection.id);
            return;
        case Reply::When::on_condition:
            waiters_.push_back(connection.id);
            return schedule(at + connection.reply->delay, connection);
        case Reply::When::after_delay:
            break;
    }
    if (connection.reply->delay > Micros(0)) return schedule(at + connection.reply->delay, connection);
    push(connection);
}

void Server::push(Connection& connection) {
    if (!connection.reply) return;
    const bool trickles = connection.reply->trickle > Micros(0);
    switch (connection.send(trickles ? 1 : std::numeric_limits<std::size_t>::max())) {
        case Connection::Sent::lost:
            return drop(connection.id);
        case Connection::Sent::all:
            return finish(connection);
        case Connection::Sent::blocked:
            break;
    }
    if (trickles) return schedule(now() + connection.reply->trickle, connection);
    if (connection.wants_write) return;
    connection.wants_write = true;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.u64 = connection.id;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
}

void Server::finish(Connection& connection) {
    const auto how = connection.reply->finish;
    if (how == Reply::Finish::reset) close_with_reset(connection.fd);
    if (how != Reply::Finish::keep_alive) return drop(connection.id);
    if (connection.reply->log_entry >= 0) api_.log().ended(connection.reply->log_entry, now());
    connection.reply.reset();
    connection.waiting.reset();
    if (connection.wants_write) {
        connection.wants_write = false;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = connection.id;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event);
    }
    // The next request may have come already; the loop in read_requests goes on with it where it called us.
    if (!connection.input.empty()) schedule(now(), connection);
}

void Server::drop(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    const auto& connection = *found->second;
    if (connection.held) --api_.log().counters().held;
    if (connection.reply && connection.reply->log_entry >= 0) {
        api_.log().ended(connection.reply->log_entry, now());
    }
    connections_.erase(found);
}

void Server::on_timers() {
    std::uint64_t ticks = 0;
    // Only empties the descriptor; the heap knows what is due.
    if (::read(timer_.get(), &ticks, sizeof ticks) < 0 && errno != EAGAIN) return;
    armed_ = Time::max();
    const auto at = now();
    while (!timers_.empty() && timers_.top().due <= at) {
        const auto timer = timers_.top();
        timers_.pop();
        on_timer(timer);
    }
}

void Server::on_timer(const Timer& timer) {
    const auto found = connections_.find(timer.connection);
    if (found == connections_.end() || found->second->serial != timer.serial) return;
    auto& connection = *found->second;
    if (!connection.reply) return read_requests(connection);
    if (connection.held || connection.reply->when == Reply::When::never) return;
    if (connection.waiting) {
        std::erase(waiters_, timer.connection);
        if (!connection.waiting->met(api_.log().counters())) {
            connection.reply = answer(200, R"({"met":false})");
        }
        connection.waiting.reset();
    }
    push(connection);
}

void Server::release() {
    std::vector<std::uint64_t> ids;
    ids.swap(held_);
    for (const auto id : ids) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        found->second->held = false;
        --api_.log().counters().held;
        push(*found->second);
    }
}

/// What the events of this round may have changed for others: holds lifted, conditions met, the listener.
void Server::settle() {
    if (!held_.empty() && !api_.options().hold) release();
    for (std::size_t i = 0; i < waiters_.size();) {
        const auto found = connections_.find(waiters_[i]);
        const bool gone = found == connections_.end();
        if (!gone && !found->second->waiting->met(api_.log().counters())) {
            ++i;
            continue;
        }
        waiters_.erase(waiters_.begin() + static_cast<std::ptrdiff_t>(i));
        if (gone) continue;
        found->second->waiting.reset();
        push(*found->second);
    }
    const bool refusing = api_.refusing(now());
    if (refusing && listener_) {
        listener_.reset();
        while (!connections_.empty()) {
            close_with_reset(connections_.begin()->second->fd);
            drop(connections_.begin()->first);
        }
        if (const auto at = api_.up_again_at()) timers_.push({*at, 0, 0});
    } else if (!refusing && !listener_) {
        listener_ = listen_on(address_, port_);
        watch(listener_.get(), kListener, EPOLLIN);
    }
}

void Server::schedule(Time due, const Connection& connection) {
    timers_.push({due, connection.id, connection.serial});
}

void Server::arm() {
    if (timers_.empty() || timers_.top().due >= armed_) return;
    armed_ = timers_.top().due;
    const auto since = armed_.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    itimerspec spec{};
    spec.it_value.tv_sec = seconds.count();
    spec.it_value.tv_nsec = (since - seconds).count();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace mockapi
