#include "connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mockapi {

bool Connection::receive() {
    std::array<char, 16 << 10> buffer;
    for (;;) {
        const auto got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            input.append(buffer.data(), static_cast<std::size_t>(got));
            if (static_cast<std::size_t>(got) < buffer.size()) return true;
            continue;
        }
        if (got < 0 && errno == EINTR) continue;
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
}

Connection::Sent Connection::send(std::size_t most) {
    const auto& segments = reply->segments;
    while (segment_ < segments.size()) {
        std::array<iovec, 16> parts{};
        std::size_t used = 0;
        std::size_t offered = 0;
        for (auto i = segment_; i < segments.size() && used < parts.size() && offered < most; ++i) {
            const auto skip = i == segment_ ? offset_ : 0;
            const auto size = std::min(segments[i].size() - skip, most - offered);
            // sendmsg only reads; its type has no const.
            parts[used++] = {const_cast<char*>(segments[i].data->data()) + skip, size};
            offered += size;
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = used;
        const auto sent = ::sendmsg(fd.get(), &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::blocked : Sent::lost;
        }
        auto rest = static_cast<std::size_t>(sent);
        most -= rest;
        while (segment_ < segments.size() && rest >= segments[segment_].size() - offset_) {
            rest -= segments[segment_].size() - offset_;
            ++segment_;
            offset_ = 0;
        }
        offset_ += rest;
        if (most == 0) break;
    }
    if (segment_ < segments.size()) return Sent::blocked;
    segment_ = 0;
    offset_ = 0;
    return Sent::all;
}

}  // namespace mockapi
