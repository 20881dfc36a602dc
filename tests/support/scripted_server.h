#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pagehaul::testing {

struct ReceivedRequest {
    std::string line;                            ///< "GET /x HTTP/1.1"
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// One accepted connection, as the handler sees it. Used by the connection's own thread.
class Connection {
  public:
    Connection(int fd, std::stop_token stop) : fd_(fd), stop_(std::move(stop)) {}
    /// @return false when the peer has gone.
    bool write(std::string_view bytes);
    /// Status 200 and a Content-Length of the body's size, or what `head` says instead.
    bool answer(std::string_view body, std::string_view extra_headers = "", int status = 200);
    /// Ends the connection with a RST.
    void reset();
    /// Ends the connection in an orderly way.
    void close();
    /// Blocks until the peer closes the connection, or the server stops.
    void wait_for_peer();
    bool stopping() const { return stop_.stop_requested(); }
    int fd() const { return fd_; }
    bool open() const { return open_; }

  private:
    int fd_;
    bool open_ = true;
    std::stop_token stop_;
};

/// A server on a free loopback port whose every answer is a function of the test: one thread a connection.
/// The destructor closes all connections and joins all threads.
class ScriptedServer {
  public:
    using Handler = std::function<void(const ReceivedRequest&, Connection&)>;
    explicit ScriptedServer(Handler handler);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    int port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int connections() const { return connections_; }
    int requests() const { return requests_; }
    ReceivedRequest last() const;

  private:
    void accept_loop(std::stop_token stop);
    void serve(int fd, std::stop_token stop);

    const Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connections_ = 0;
    std::atomic<int> requests_ = 0;
    mutable std::mutex mutex_;
    ReceivedRequest last_;               // protected by mutex_
    std::vector<int> open_;              // protected by mutex_
    std::vector<std::jthread> workers_;  // only the acceptor's thread, then the destructor's
    std::jthread acceptor_;
};

/// A loopback port on which nobody listens (it was free a moment ago).
int unused_port();

}  // namespace pagehaul::testing
