#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace mockapi {

/// Owns a file descriptor.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        reset();
        fd_ = std::exchange(other.fd_, -1);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

/// A listening socket on this IPv4 address; port 0 picks a free one. Throws std::system_error.
Fd listen_on(const std::string& address, std::uint16_t port);
std::uint16_t port_of(const Fd& listener);
/// An accepted, non-blocking connection, or an empty Fd.
Fd accept_from(const Fd& listener);
/// Makes the close that follows send RST.
void close_with_reset(const Fd& fd);

}  // namespace mockapi
