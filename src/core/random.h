#pragma once

#include <array>
#include <random>

#include "core/mutex.h"

namespace pagehaul {

/// The one seam to chance. Thread-safe.
class Random {
  public:
    virtual ~Random() = default;
    /// Uniform in [0, 1).
    virtual double unit() = 0;
};

class SystemRandom final : public Random {
  public:
    double unit() override {
        const MutexLock lock(mutex_);
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine_);
    }

  private:
    /// 256 bits: trace and worker ids of many processes are compared, and 32 bits would meet within weeks.
    static std::mt19937_64 seeded() {
        std::random_device device;
        std::array<std::random_device::result_type, 8> words{};
        for (auto& word : words)
            word = device();
        std::seed_seq seed(words.begin(), words.end());
        return std::mt19937_64(seed);
    }

    Mutex mutex_;
    std::mt19937_64 engine_ PAGEHAUL_GUARDED_BY(mutex_) = seeded();
};

}  // namespace pagehaul
