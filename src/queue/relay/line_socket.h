#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace pagehaul::queue::relay {

/// Lines over one end of a socketpair, which it owns. Nothing blocks but `wait`: what the other end does not
/// take yet waits here. An end that is gone is told by `is_over`, never thrown. Belongs to one thread.
class LineSocket {
  public:
    explicit LineSocket(int fd);
    ~LineSocket();
    LineSocket(const LineSocket&) = delete;
    LineSocket& operator=(const LineSocket&) = delete;

    void send(std::string_view line);
    /// Sends what waits, as far as the other end takes it.
    void flush();
    /// Until there is something to read, or `until`.
    void wait(MonoTime until, const Clock& clock) const;
    /// The whole lines that have come.
    std::vector<std::string> lines();

    /// The other end is gone, and all that it said was read.
    bool is_over() const { return over_; }
    bool has_unsent() const { return !out_.empty(); }

  private:
    const int fd_;
    std::string in_;
    std::string out_;
    bool over_ = false;
};

}  // namespace pagehaul::queue::relay
