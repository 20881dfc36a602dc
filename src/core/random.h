#pragma once

#include <mutex>
#include <random>

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
        const std::lock_guard lock(mutex_);
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine_);
    }

  private:
    std::mutex mutex_;
    std::mt19937_64 engine_{std::random_device{}()};  // protected by mutex_
};

}  // namespace pagehaul
