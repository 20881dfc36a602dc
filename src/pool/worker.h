#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pool/policy.h"
#include "queue/queue.h"
#include "queue/relay/line_socket.h"

namespace pagehaul::pool {

/// A pipeline and the file that says what it is.
struct Member {
    std::string pipeline;
    std::string file;
};

/// A process of this program, `work -c FILE`, that gets its messages from us: another one, so that what a
/// pipeline crashes, fills or knows is its own. It asks for as many as it has hands, and goes when it has
/// had nothing for `queue.idle`, when it is asked, or when we are gone. Belongs to one thread, the process's
/// main one: the end of the thread that started it is what it takes for ours.
class Worker {
  public:
    /// Starts it. Throws Failure of kind transient. @param share it sizes itself as one of so many
    Worker(const Member& member, std::size_t share, const Clock& clock);
    /// Kills it where it has not ended.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Takes from the front of `inbox` what it has room for.
    void give(std::deque<queue::Delivery>& inbox);

    struct News {
        std::vector<std::uint64_t> done;
        std::vector<std::uint64_t> handed_on;  ///< to the queue's end: to be settled, and no use
        std::vector<queue::Delivery> back;     ///< for others
        std::vector<std::pair<std::uint64_t, std::string>> bury;
        std::optional<int> ended;  ///< the exit code, or 128 + the signal; then `back` has all that it had
    };
    /// What it has said since. One that says what is no word of ours is killed.
    News hear();

    /// Gives back what it has within its drain. Once only: a second signal would end it at once.
    void ask_to_leave();
    void kill();

    Seat seat(const std::string& pipeline) const;
    int pid() const { return pid_; }
    std::size_t messages() const { return with_it_.size(); }
    bool was_asked() const { return leaving_; }
    /// It has settled a message, and not for others to have it.
    bool was_of_use() const { return of_use_; }
    Nanos worked() const { return clock_.now() - started_; }

  private:
    int spawn(const Member& member, std::size_t share, int their_end);  ///< 0, or an errno
    void hear_line(const std::string& line, News& news);
    std::optional<queue::Delivery> take(std::uint64_t tag);
    void reap(News& news);

    const Clock& clock_;
    const MonoTime started_;
    std::optional<queue::relay::LineSocket> socket_;
    pid_t pid_ = 0;
    std::map<std::uint64_t, queue::Delivery> with_it_;
    std::size_t room_ = 0;
    MonoTime last_message_;
    bool leaving_ = false;
    bool of_use_ = false;
    bool reaped_ = false;
};

}  // namespace pagehaul::pool
