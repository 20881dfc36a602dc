#pragma once

#include <mutex>

// Which mutex protects what, said so that clang checks it (-Wthread-safety, in `make tidy`). gcc sees nothing
// of it.
#ifdef __clang__
#define PAGEHAUL_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define PAGEHAUL_THREAD_SAFETY(attribute)
#endif
/// A member: touched only by who holds that mutex.
#define PAGEHAUL_GUARDED_BY(mutex) PAGEHAUL_THREAD_SAFETY(guarded_by(mutex))
/// A function, or a condition variable's predicate: called only by who holds that mutex.
#define PAGEHAUL_REQUIRES(mutex) PAGEHAUL_THREAD_SAFETY(requires_capability(mutex))

namespace pagehaul {

/// A std::mutex that clang's analysis knows.
class PAGEHAUL_THREAD_SAFETY(capability("mutex")) Mutex {
  public:
    void lock() PAGEHAUL_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
    void unlock() PAGEHAUL_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

  private:
    friend class MutexLock;
    std::mutex mutex_;
};

/// Holds a Mutex until the end of its scope, or until unlock(). A std::condition_variable_any waits with it
/// as it is, a std::condition_variable with native(): before and after a wait the mutex is held, as the
/// analysis takes it to be throughout.
class PAGEHAUL_THREAD_SAFETY(scoped_lockable) MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) PAGEHAUL_THREAD_SAFETY(acquire_capability(mutex))
        : lock_(mutex.mutex_) {}
    ~MutexLock() PAGEHAUL_THREAD_SAFETY(release_capability()) {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void lock() PAGEHAUL_THREAD_SAFETY(acquire_capability()) { lock_.lock(); }
    void unlock() PAGEHAUL_THREAD_SAFETY(release_capability()) { lock_.unlock(); }
    std::unique_lock<std::mutex>& native() { return lock_; }

  private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace pagehaul
