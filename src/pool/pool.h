#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/exit_code.h"
#include "core/stop.h"
#include "pool/worker.h"
#include "queue/queue.h"

namespace pagehaul::pool {

struct Options {
    std::vector<Member> members;  ///< no pipeline twice
    std::size_t at_once = 2;      ///< workers
    Nanos turn = std::chrono::seconds{30};
    Nanos idle = std::chrono::seconds{30};   ///< without use for so long, the pool leaves
    Nanos drain = std::chrono::seconds{60};  ///< workers that are stopped have ended by then
};

/// Messages that may be with a pool: what its workers have hands for, and some to see who else waits.
std::size_t prefetch(std::size_t at_once);

struct Outcome {
    ExitCode code = ExitCode::ok;
    std::string reason;
};

/// Takes all pipelines' messages from one queue, and starts for each pipeline that has some a worker which
/// gets them, at most `at_once` together, in turns. Nothing of a run is decided here: what is lost, comes
/// twice or late costs time. Belongs to one thread, the main one.
class Pool {
  public:
    Pool(Options options, std::unique_ptr<queue::Consumer> consumer,
         std::unique_ptr<queue::Publisher> publisher, const Clock& clock);

    /// Until `stop`, or until there has been nothing to do for long. All workers have ended when it returns.
    /// Throws Failure where the broker refuses us or the queue at the first try.
    Outcome work(StopControl& stop);

  private:
    struct Lane {
        Member member;
        std::deque<queue::Delivery> inbox;
        MonoTime waits_since{};
        std::unique_ptr<Worker> worker;
        Nanos rest{0};
        MonoTime rests_until{};
        int last_exit = 0;
    };

    void receive(bool stopping);
    void sort(queue::Delivery delivery);
    void hear();
    void worker_ended(Lane& lane, int code);
    void seat();
    void start(Lane& lane);
    void give();
    void hand_on();
    void lost_link(const Failure& failure);
    Outcome idle_out() const;
    void stop_workers();
    void let_go();
    std::size_t held() const;
    bool has_worker() const;

    const Options options_;
    std::unique_ptr<queue::Consumer> consumer_;
    std::unique_ptr<queue::Publisher> publisher_;
    const Clock& clock_;
    std::map<std::string, Lane, std::less<>> lanes_;  ///< by pipeline
    std::deque<queue::Delivery> foreign_;             ///< of pipelines that no file names
    MonoTime last_use_;
    MonoTime next_hand_on_{};
    Nanos hand_on_pause_{0};
    MonoTime next_try_{};     ///< of a broker that is away
    bool connected_ = false;  ///< once
    bool away_ = false;       ///< told of already
    bool foreign_told_ = false;
};

}  // namespace pagehaul::pool
