#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pagehaul::testing {

/// Stands in front of a PostgreSQL server's unix socket, and cuts a connection at the first COMMIT that comes
/// by: before the server has it, or before the client has the answer. Faithful otherwise. The destructor cuts
/// what is open and joins.
class CommitGate {
  public:
    enum class Cut { before_the_server, before_the_client };

    /// `folder`: where the server's socket is. `meanwhile` runs once, when the link is cut.
    CommitGate(const std::string& folder, Cut cut, std::function<void()> meanwhile = {})
        : server_(socket_in(folder)), cut_(cut), meanwhile_(std::move(meanwhile)) {
        char pattern[] = "/tmp/pagehaul-gate-XXXXXX";
        if (::mkdtemp(pattern) == nullptr) throw std::runtime_error("cannot create a folder in /tmp");
        folder_ = pattern;
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_un own = socket_in(folder_);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
            ::listen(listener_, 16) != 0)
            throw std::runtime_error("cannot listen in " + folder_);
        acceptor_ = std::jthread([this] { accept_all(); });
    }
    ~CommitGate() {
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_)
                ::shutdown(fd, SHUT_RDWR);
        }
        links_.clear();
        for (const int fd : open_)
            ::close(fd);
        ::close(listener_);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    CommitGate(const CommitGate&) = delete;
    CommitGate& operator=(const CommitGate&) = delete;

    /// For the host of a DSN.
    const std::string& folder() const { return folder_; }
    bool has_cut() const { return has_cut_; }

  private:
    static sockaddr_un socket_in(const std::string& folder) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = folder + "/.s.PGSQL.5432";
        if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path);
        path.copy(address.sun_path, path.size());
        return address;
    }

    void accept_all() {
        for (;;) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const bool connected =
                ::connect(server, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) == 0;
            {
                const std::lock_guard lock(mutex_);
                open_.insert(open_.end(), {client, server});
            }
            if (connected)
                links_.emplace_back([this, client, server] { serve(client, server); });
            else
                ::shutdown(client, SHUT_RDWR);
        }
    }

    void serve(int client, int server) {
        bool drop_answer = false;
        std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        while (::poll(ends.data(), ends.size(), -1) > 0) {
            if (ends[0].revents != 0) {
                const std::string sent = read_from(client);
                if (sent.empty()) break;
                if (sent.find("COMMIT") != std::string::npos && !has_cut_.exchange(true)) {
                    if (cut_ == Cut::before_the_server) break;
                    drop_answer = true;
                }
                if (!write_to(server, sent)) break;
            }
            if (ends[1].revents != 0) {
                const std::string answer = read_from(server);
                if (answer.empty() || drop_answer || !write_to(client, answer)) break;
            }
        }
        if (has_cut_ && meanwhile_) std::exchange(meanwhile_, {})();
        ::shutdown(client, SHUT_RDWR);
        ::shutdown(server, SHUT_RDWR);
    }

    static std::string read_from(int fd) {
        std::array<char, 65'536> piece{};
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        return got > 0 ? std::string(piece.data(), static_cast<std::size_t>(got)) : std::string();
    }
    static bool write_to(int fd, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (put <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(put));
        }
        return true;
    }

    const sockaddr_un server_;
    const Cut cut_;
    std::function<void()> meanwhile_;  // the cut link's thread's alone
    std::string folder_;
    int listener_ = -1;
    std::atomic<bool> has_cut_{false};
    std::mutex mutex_;
    std::vector<int> open_;            // protected by mutex_ while the acceptor runs
    std::vector<std::jthread> links_;  // only the acceptor's thread, then the destructor's
    std::jthread acceptor_;
};

}  // namespace pagehaul::testing
