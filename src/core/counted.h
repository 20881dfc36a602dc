#pragma once

#include <atomic>

namespace pagehaul {

/// Counts something for as long as it is under way, however it ends.
class Counted {
  public:
    explicit Counted(std::atomic<int>& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::atomic<int>& count_;
};

}  // namespace pagehaul
