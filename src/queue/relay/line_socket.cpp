#include "queue/relay/line_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pagehaul::queue::relay {

LineSocket::LineSocket(int fd) : fd_(fd) {}

LineSocket::~LineSocket() {
    ::close(fd_);
}

void LineSocket::send(std::string_view line) {
    out_ += line;
    out_ += '\n';
    flush();
}

void LineSocket::flush() {
    while (!out_.empty()) {
        const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) out_.clear();  // nobody reads it: `lines` finds out
        if (sent < 0) return;
        out_.erase(0, static_cast<std::size_t>(sent));
    }
}

void LineSocket::wait(MonoTime until, const Clock& clock) const {
    if (over_) return;
    const auto left = std::chrono::ceil<Millis>(until - clock.now());
    pollfd one{
        .fd = fd_, .events = static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), .revents = 0};
    ::poll(&one, 1, static_cast<int>(std::clamp<Millis::rep>(left.count(), 0, 60'000)));
}

std::vector<std::string> LineSocket::lines() {
    std::array<char, 16'384> part{};
    while (!over_) {
        const ssize_t came = ::recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
        if (came < 0 && errno == EINTR) continue;
        if (came < 0 && errno == EAGAIN) break;
        if (came <= 0) over_ = true;
        if (came > 0) in_.append(part.data(), static_cast<std::size_t>(came));
    }
    std::vector<std::string> whole;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = in_.find('\n', begin)) != std::string::npos; begin = end + 1)
        whole.push_back(in_.substr(begin, end - begin));
    in_.erase(0, begin);
    return whole;
}

}  // namespace pagehaul::queue::relay
