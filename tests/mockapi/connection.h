#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "control.h"
#include "reply.h"
#include "socket.h"

namespace mockapi {

/// One client's connection: bytes in, and the one reply it works on.
class Connection {
  public:
    enum class Sent { all, blocked, lost };

    Connection(Fd socket, std::uint64_t number) : fd(std::move(socket)), id(number) {}

    /// Reads what is there; false when the client is gone.
    bool receive();
    /// Sends at most `most` bytes of the reply.
    Sent send(std::size_t most);

    Fd fd;
    std::uint64_t id;
    std::string input;
    std::optional<Reply> reply;      ///< set: busy, further requests wait in `input`
    std::optional<Waiting> waiting;  ///< of a reply that waits for a condition
    bool held = false;
    std::uint64_t serial = 0;  ///< of the reply: timers of earlier ones are void
    bool wants_write = false;  ///< as registered with epoll

  private:
    std::size_t segment_ = 0;
    std::size_t offset_ = 0;
};

}  // namespace mockapi
