#include "http/block_size.h"

#include <algorithm>
#include <cmath>

namespace pagehaul::http {
namespace {

constexpr double kOwnSeconds = 0.25;  ///< of own use in a block …
constexpr double kEqualSeconds =
    0.03;  ///< … and of the whole rate: of two processes a fifth of what they have
constexpr double kLongestSeconds = 0.5;  ///< of the whole rate
constexpr double kAlone = 100;           ///< times what others take is less than what this process does

}  // namespace

void Lately::add(double amount, MonoTime now) {
    amount_ = at(now) + amount;
    since_ = now;
}

double Lately::at(MonoTime now) const {
    return amount_ * std::exp(-std::chrono::duration<double>(now - since_).count());
}

BlockSize::BlockSize(double per_second, std::int64_t burst) : per_second_(per_second), burst_(burst) {}

void BlockSize::leased(std::int64_t slots, std::int64_t handed, MonoTime now) {
    const std::int64_t others = handed - slots - handed_.value_or(handed - slots);
    handed_ = handed;
    own_.add(static_cast<double>(slots), now);
    others_.add(static_cast<double>(std::max<std::int64_t>(others, 0)), now);
}

std::int64_t BlockSize::next(const Demand& demand, MonoTime now) const {
    double size = kOwnSeconds * used_.at(now) + kEqualSeconds * per_second_;
    size = std::min(size, kLongestSeconds * per_second_);
    if (!is_alone(now)) size = std::min<double>(size, demand.waiting);
    const std::int64_t at_once = demand.over ? std::min<std::int64_t>(demand.without, burst_) : 1;
    return std::max({static_cast<std::int64_t>(size), at_once, std::int64_t{1}});
}

bool BlockSize::is_alone(MonoTime now) const {
    return others_.at(now) * kAlone <= own_.at(now);
}

}  // namespace pagehaul::http
