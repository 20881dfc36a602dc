#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// A bounded first-in-first-out queue between threads. Thread-safe. Every wait ends at once when its token is
/// stopped or the queue is closed. Closing refuses new jobs and lets what is inside be taken; drain() takes
/// the rest at once, for jobs that must be given back.
template <class Job>
class JobQueue {
  public:
    explicit JobQueue(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}
    JobQueue(const JobQueue&) = delete;
    JobQueue& operator=(const JobQueue&) = delete;

    /// Waits for room. @return false when closed or stopped: the job is still the caller's.
    bool push(Job&& job, std::stop_token stop) {
        MutexLock lock(mutex_);
        const bool ready = room_.wait(
            lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return closed_ || jobs_.size() < capacity_; });
        if (!ready || closed_) return false;
        jobs_.push_back(std::move(job));
        lock.unlock();
        filled_.notify_one();
        return true;
    }

    /// Waits for a job. Nothing when stopped (even if jobs are left), or closed and empty.
    std::optional<Job> pop(std::stop_token stop) {
        MutexLock lock(mutex_);
        // Asked before the wait: waiting registers with the stop token, which all threads share.
        if (jobs_.empty())
            filled_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return closed_ || !jobs_.empty(); });
        if (stop.stop_requested() || jobs_.empty()) {
            // This wait may have eaten the notification meant for somebody who goes on: hand it over.
            if (!jobs_.empty()) filled_.notify_one();
            return std::nullopt;
        }
        std::optional<Job> job(std::move(jobs_.front()));
        jobs_.pop_front();
        lock.unlock();
        room_.notify_all();
        return job;
    }

    void close() {
        {
            const MutexLock lock(mutex_);
            closed_ = true;
        }
        room_.notify_all();
        filled_.notify_all();
    }

    /// Takes everything that is inside.
    std::vector<Job> drain() {
        std::vector<Job> rest;
        {
            const MutexLock lock(mutex_);
            rest.reserve(jobs_.size());
            for (Job& job : jobs_)
                rest.push_back(std::move(job));
            jobs_.clear();
        }
        room_.notify_all();
        return rest;
    }

    std::size_t size() const {
        const MutexLock lock(mutex_);
        return jobs_.size();
    }
    std::size_t capacity() const { return capacity_; }

  private:
    const std::size_t capacity_;
    mutable Mutex mutex_;
    std::condition_variable_any room_;
    std::condition_variable_any filled_;
    std::deque<Job> jobs_ PAGEHAUL_GUARDED_BY(mutex_);
    bool closed_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace pagehaul::engine
