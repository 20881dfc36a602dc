#include "engine/shared/byte_budget.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {
namespace {

constexpr int kGeneration = 256;       // pages
constexpr std::int64_t kLeast = 4096;  // bytes: even an empty page is a response, a job and a row count

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      peak_(other.peak_),
      over_(std::exchange(other.over_, false)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
    if (this != &other) {
        release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
        peak_ = other.peak_;
        over_ = std::exchange(other.over_, false);
    }
    return *this;
}

bool Reservation::grow_to(std::int64_t bytes) {
    peak_ = std::max(peak_, bytes);
    if (bytes <= bytes_) return true;
    return budget_ != nullptr && budget_->grow(*this, bytes);
}

void Reservation::settle(std::int64_t bytes, std::int64_t peak) {
    peak_ = std::max({peak_, peak, bytes});
    if (budget_ != nullptr) budget_->settle(*this, bytes);
}

void Reservation::release() noexcept {
    if (budget_ != nullptr) budget_->give_back(*this);
    budget_ = nullptr;
    bytes_ = 0;
}

ByteBudget::ByteBudget(std::int64_t total, std::int64_t first) : total_(total), first_(first) {}

std::optional<Reservation> ByteBudget::acquire(std::stop_token stop) {
    MutexLock lock(mutex_);
    // Asked before the wait: waiting registers with the stop token, which all threads share.
    if (!has_room_locked() &&
        !freed_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return has_room_locked(); }))
        return std::nullopt;
    if (stop.stop_requested()) {
        // This wait may have eaten the only notification: hand it on.
        freed_.notify_one();
        return std::nullopt;
    }
    const std::int64_t bytes = size_locked();
    used_ += bytes;
    peak_ = std::max(peak_, used_);
    const bool more = has_room_locked();
    lock.unlock();
    if (more) freed_.notify_one();
    return Reservation(this, bytes);
}

bool ByteBudget::grow(Reservation& who, std::int64_t wanted) {
    const MutexLock lock(mutex_);
    const std::int64_t by = wanted - who.bytes_;
    if (used_ + by > total_ && !who.over_) {
        if (over_taken_) {
            largest_ = std::max(largest_, wanted);
            return false;
        }
        over_taken_ = who.over_ = true;
    }
    who.bytes_ = wanted;
    used_ += by;
    peak_ = std::max(peak_, used_);
    return true;
}

void ByteBudget::settle(Reservation& who, std::int64_t bytes) {
    {
        const MutexLock lock(mutex_);
        used_ += bytes - who.bytes_;
        peak_ = std::max(peak_, used_);
        who.bytes_ = bytes;
        if (std::exchange(who.over_, false)) over_taken_ = false;
        if (pages_ == kGeneration) {
            largest_before_ = std::exchange(largest_, 0);
            pages_ = 0;
        }
        ++pages_;
        largest_ = std::max(largest_, who.peak_);
    }
    freed_.notify_one();
}

void ByteBudget::give_back(Reservation& who) noexcept {
    {
        const MutexLock lock(mutex_);
        used_ -= who.bytes_;
        if (std::exchange(who.over_, false)) over_taken_ = false;
    }
    freed_.notify_one();
}

std::int64_t ByteBudget::size_locked() const {
    const std::int64_t seen = std::max(largest_, largest_before_);
    return std::max(seen == 0 ? first_ : seen, kLeast);
}

bool ByteBudget::has_room_locked() const {
    return used_ == 0 || used_ + size_locked() <= total_;
}

std::int64_t ByteBudget::used() const {
    const MutexLock lock(mutex_);
    return used_;
}

std::int64_t ByteBudget::peak() const {
    const MutexLock lock(mutex_);
    return peak_;
}

std::int64_t ByteBudget::next_size() const {
    const MutexLock lock(mutex_);
    return size_locked();
}

}  // namespace pagehaul::engine
