// A database further away: bench_delay PORT MICROSECONDS listens on a port of loopback, which it prints, and
// passes on what comes, each way so much later. Ends by a signal.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kUsage = 64;
constexpr std::size_t kChunk = 256 * 1024;

struct Chunk {
    Clock::time_point due;
    std::string bytes;
};

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

bool send_all(int to, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t count = ::send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return false;
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

/// One direction of one link, until an end closes. What is under way is bounded by what comes within the
/// delay.
void pass_on(int from, int to, std::chrono::microseconds delay) {
    std::deque<Chunk> under_way;
    std::string buffer(kChunk, '\0');
    for (bool open = true; open || !under_way.empty();) {
        timespec left{.tv_sec = 3600, .tv_nsec = 0};
        if (!under_way.empty()) {
            const auto wait = std::max(under_way.front().due - Clock::now(), Clock::duration::zero());
            left = {.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(wait).count()};
        }
        pollfd readable{.fd = open ? from : -1, .events = POLLIN, .revents = 0};
        ::ppoll(&readable, 1, &left, nullptr);
        if (readable.revents != 0) {
            const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
            if (count > 0)
                under_way.push_back(
                    {Clock::now() + delay, buffer.substr(0, static_cast<std::size_t>(count))});
            else
                open = false;
        }
        while (!under_way.empty() && under_way.front().due <= Clock::now()) {
            if (!send_all(to, under_way.front().bytes)) {
                ::shutdown(from, SHUT_RD);
                return;
            }
            under_way.pop_front();
        }
    }
    ::shutdown(to, SHUT_WR);
}

void carry(int near, int port, std::chrono::microseconds delay) {
    const int far = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(far, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const int on = 1;
        for (const int fd : {near, far})
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        std::thread back([&] { pass_on(far, near, delay); });
        pass_on(near, far, delay);
        back.join();
    }
    ::close(far);
    ::close(near);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: bench_delay PORT MICROSECONDS\n");
        return kUsage;
    }
    const int port = std::atoi(argv[1]);
    const std::chrono::microseconds delay(std::atoi(argv[2]));
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("bench_delay");
        return 1;
    }
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
        const int near = ::accept(listener, nullptr, nullptr);
        if (near >= 0) std::thread(carry, near, port, delay).detach();
    }
}
