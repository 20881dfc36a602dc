#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "record/decoder.h"

namespace pagehaul::engine {

/// Decoders are as big as several pages, and only as many as there are CPUs decode at once: 128 fetch workers
/// share a few. Thread-safe. Owned by SourceGate, which outlives every loan.
class DecoderPool {
  public:
    DecoderPool(std::size_t most, std::function<record::Decoder()> make)
        : most_(most), make_(std::move(make)) {}
    DecoderPool(const DecoderPool&) = delete;
    DecoderPool& operator=(const DecoderPool&) = delete;

    /// Runs `use` with a decoder that nobody else has; waits for one (a page's decoding time) when all are
    /// lent.
    template <class Use>
    auto with(const Use& use) {
        Loan loan{*this, take()};
        return use(*loan.decoder);
    }

  private:
    struct Loan {
        DecoderPool& pool;
        std::unique_ptr<record::Decoder> decoder;
        ~Loan() { pool.give_back(std::move(decoder)); }
    };
    std::unique_ptr<record::Decoder> take() {
        MutexLock lock(mutex_);
        free_again_.wait(lock.native(),
                         [this]() PAGEHAUL_REQUIRES(mutex_) { return !free_.empty() || made_ < most_; });
        if (free_.empty()) {
            ++made_;
            lock.unlock();
            return std::make_unique<record::Decoder>(make_());
        }
        std::unique_ptr<record::Decoder> decoder = std::move(free_.back());
        free_.pop_back();
        return decoder;
    }
    void give_back(std::unique_ptr<record::Decoder> decoder) {
        {
            const MutexLock lock(mutex_);
            free_.push_back(std::move(decoder));
        }
        free_again_.notify_one();
    }

    const std::size_t most_;
    const std::function<record::Decoder()> make_;
    Mutex mutex_;
    std::condition_variable free_again_;
    std::vector<std::unique_ptr<record::Decoder>> free_ PAGEHAUL_GUARDED_BY(mutex_);
    std::size_t made_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pagehaul::engine
