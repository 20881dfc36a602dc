#pragma once

#include <algorithm>
#include <chrono>

namespace mockapi {

/// `rate` tokens a second, at most `burst` saved up; starts full. One thread.
class TokenBucket {
  public:
    using Time = std::chrono::steady_clock::time_point;
    bool take(double rate, double burst, Time now) {
        if (!started_)
            tokens_ = burst;
        else
            tokens_ = std::min(burst, tokens_ + rate * std::chrono::duration<double>(now - last_).count());
        started_ = true;
        last_ = now;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

  private:
    double tokens_ = 0;
    Time last_{};
    bool started_ = false;
};

}  // namespace mockapi
