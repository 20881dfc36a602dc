#include "core/clock.h"

#include <condition_variable>

#include "core/mutex.h"

namespace pagehaul {
namespace {

class SystemClock final : public Clock {
  public:
    MonoTime now() const override { return std::chrono::steady_clock::now(); }
    WallTime wall_now() const override { return std::chrono::system_clock::now(); }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        Mutex mutex;
        std::condition_variable_any changed;
        MutexLock lock(mutex);
        changed.wait_until(lock, stop, at, []() PAGEHAUL_REQUIRES(mutex) { return false; });
        return !stop.stop_requested();
    }
};

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace pagehaul
