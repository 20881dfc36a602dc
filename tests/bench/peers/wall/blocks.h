#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// COPY text of pages on its way from the fetchers to the writers; bounded. Thread-safe.
class Blocks {
  public:
    explicit Blocks(std::size_t capacity) : capacity_(capacity) {}

    /// Waits for room. False once stopped.
    bool put(std::string block) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return blocks_.size() < capacity_ || stopped_; });
        if (stopped_) return false;
        blocks_.push_back(std::move(block));
        changed_.notify_all();
        return true;
    }

    /// Between 1 and `most` blocks; none when all are taken and finish() was called, or after stop().
    std::vector<std::string> take(std::size_t least, std::size_t most) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return blocks_.size() >= least || finished_ || stopped_; });
        std::vector<std::string> taken;
        while (!stopped_ && !blocks_.empty() && taken.size() < most) {
            taken.push_back(std::move(blocks_.back()));
            blocks_.pop_back();
        }
        changed_.notify_all();
        return taken;
    }

    void finish() { set(finished_); }
    void stop() { set(stopped_); }

  private:
    void set(bool& flag) {
        const std::lock_guard lock(mutex_);
        flag = true;
        changed_.notify_all();
    }

    const std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> blocks_;  // protected by mutex_, as are the flags
    bool finished_ = false;
    bool stopped_ = false;
};

}  // namespace bench
