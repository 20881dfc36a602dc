#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "api.h"
#include "connection.h"
#include "socket.h"

namespace mockapi {

/// One thread, one epoll loop: connections, timers and signals; asks Api what to answer. Waiting costs
/// nothing: every delay is an entry in one heap behind one timerfd.
class Server {
  public:
    /// Listens at once. Throws std::system_error.
    Server(Api& api, const std::string& address, std::uint16_t port);
    std::uint16_t port() const { return port_; }
    /// Returns after SIGTERM or SIGINT.
    void run();

  private:
    struct Timer {
        Time due;
        std::uint64_t connection;  ///< 0: the listener comes back
        std::uint64_t serial;      ///< Connection::serial when it was set
        bool operator>(const Timer& other) const { return due > other.due; }
    };

    void watch(int fd, std::uint64_t id, std::uint32_t events);
    void accept_all();
    void on_event(std::uint64_t id, std::uint32_t events);
    void on_timers();
    void on_timer(const Timer& timer);
    void read_requests(Connection& connection);
    void start(Connection& connection, const HttpRequest& request);
    void push(Connection& connection);
    void finish(Connection& connection);
    void drop(std::uint64_t id);
    void release();
    void settle();
    void schedule(Time due, const Connection& connection);
    void arm();

    Api& api_;
    Fd epoll_;
    Fd timer_;
    Fd signals_;
    std::string address_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::uint64_t next_id_ = 16;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    Time armed_ = Time::max();
    std::vector<std::uint64_t> held_;
    std::vector<std::uint64_t> waiters_;
    bool stopping_ = false;
};

}  // namespace mockapi
