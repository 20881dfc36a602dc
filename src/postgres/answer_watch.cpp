#include "postgres/answer_watch.h"

#include <sys/socket.h>

#include <condition_variable>
#include <set>
#include <stop_token>
#include <thread>

#include "core/mutex.h"

namespace pagehaul::postgres {

/// One a process, as long as it lives; its thread begins with the first link.
class AnswerWatcher {
  public:
    static AnswerWatcher& instance() {
        static AnswerWatcher watcher;
        return watcher;
    }

    void add(AnswerWatch& watch) {
        const MutexLock lock(mutex_);
        watched_.insert(&watch);
        if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }

    void remove(AnswerWatch& watch) {
        const MutexLock lock(mutex_);
        watched_.erase(&watch);
    }

  private:
    static constexpr std::chrono::seconds interval{1};

    void run(const std::stop_token& stop) {
        MutexLock lock(mutex_);
        while (!stop.stop_requested()) {
            const auto now = AnswerWatch::Clock::now().time_since_epoch().count();
            for (AnswerWatch* const watch : watched_) {
                const auto until = watch->until_.load();
                if (until == AnswerWatch::nobody_waits || now < until) continue;
                watch->gave_up_ = true;
                watch->until_ = AnswerWatch::nobody_waits;
                ::shutdown(watch->socket_, SHUT_RDWR);
            }
            // In real time: what it waits for comes from the network.
            stopped_.wait_for(lock, stop, interval, [] { return false; });
        }
    }

    Mutex mutex_;
    std::condition_variable_any stopped_;
    std::set<AnswerWatch*> watched_ PAGEHAUL_GUARDED_BY(mutex_);
    std::jthread thread_;  // last: it uses the others; begun under the mutex
};

AnswerWatch::AnswerWatch(int socket) : socket_(socket) {
    AnswerWatcher::instance().add(*this);
}

AnswerWatch::~AnswerWatch() {
    AnswerWatcher::instance().remove(*this);
}

void AnswerWatch::begin(std::chrono::milliseconds limit) {
    until_ = limit.count() == 0 ? nobody_waits : (Clock::now() + limit).time_since_epoch().count();
}

}  // namespace pagehaul::postgres
