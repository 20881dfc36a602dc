#include "scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

namespace pagehaul::testing {
namespace {

std::pair<int, int> listen_on_free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, generic, length) != 0 || ::listen(fd, 64) != 0 ||
        ::getsockname(fd, generic, &length) != 0) {
        throw std::runtime_error("cannot listen on loopback");
    }
    return {fd, ntohs(address.sin_port)};
}

/// Reads until `buffer` holds `size` bytes. @return false when the peer has gone.
bool fill(int fd, std::string& buffer, std::size_t size) {
    std::array<char, 16'384> piece{};
    while (buffer.size() < size) {
        const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
        if (got <= 0) return false;
        buffer.append(piece.data(), static_cast<std::size_t>(got));
    }
    return true;
}

ReceivedRequest parse_head(std::string_view head) {
    ReceivedRequest request;
    std::size_t end = head.find("\r\n");
    request.line = head.substr(0, end);
    head.remove_prefix(end + 2);
    while (!head.empty()) {
        end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        const std::size_t colon = line.find(':');
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' '))
            value.remove_prefix(1);
        request.headers[name] = value;
        head.remove_prefix(end + 2);
    }
    return request;
}

/// The next request of a connection; what was read behind it stays in `buffer`.
std::optional<ReceivedRequest> read_request(int fd, std::string& buffer) {
    std::size_t head_end = 0;
    while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
        if (!fill(fd, buffer, buffer.size() + 1)) return {};
    }
    ReceivedRequest request = parse_head(std::string_view(buffer).substr(0, head_end + 2));
    const auto length = request.headers.find("content-length");
    const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
    if (!fill(fd, buffer, head_end + 4 + size)) return {};
    request.body = buffer.substr(head_end + 4, size);
    buffer.erase(0, head_end + 4 + size);
    return request;
}

}  // namespace

bool Connection::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Connection::answer(std::string_view body, std::string_view extra_headers, int status) {
    std::string whole = "HTTP/1.1 " + std::to_string(status) +
                        " Status\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    whole.append(extra_headers).append("\r\n").append(body);
    return write(whole);
}

void Connection::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    open_ = false;
}

void Connection::close() {
    open_ = false;
}

void Connection::wait_for_peer() {
    std::array<char, 1024> ignored{};
    while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
    }
    open_ = false;
}

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
    std::tie(listener_, port_) = listen_on_free_port();
    acceptor_ = std::jthread([this](std::stop_token stop) { accept_loop(std::move(stop)); });
}

ScriptedServer::~ScriptedServer() {
    acceptor_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int fd : open_)
            ::shutdown(fd, SHUT_RDWR);  // wakes recv()
    }
    for (std::jthread& worker : workers_)
        worker.request_stop();
    workers_.clear();
    ::close(listener_);
}

void ScriptedServer::accept_loop(std::stop_token stop) {
    while (!stop.stop_requested()) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ++connections_;
        {
            const std::lock_guard lock(mutex_);
            open_.push_back(fd);
        }
        workers_.emplace_back([this, fd](std::stop_token own) { serve(fd, std::move(own)); });
    }
}

void ScriptedServer::serve(int fd, std::stop_token stop) {
    Connection connection(fd, stop);
    std::string buffer;
    while (connection.open()) {
        const auto request = read_request(fd, buffer);
        if (!request) break;
        ++requests_;
        {
            const std::lock_guard lock(mutex_);
            last_ = *request;
        }
        handler_(*request, connection);
    }
    const std::lock_guard lock(mutex_);
    open_.erase(std::remove(open_.begin(), open_.end(), fd), open_.end());
    ::close(fd);
}

ReceivedRequest ScriptedServer::last() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

int unused_port() {
    const auto [fd, port] = listen_on_free_port();
    ::close(fd);
    return port;
}

}  // namespace pagehaul::testing
