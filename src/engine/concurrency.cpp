#include "engine/concurrency.h"

#include <algorithm>
#include <cmath>

namespace pagehaul::engine {
namespace {

constexpr double kThrottledFactor = 0.7;
constexpr double kLatencyMargin = 0.9;  // below the exact answer: the queue at the API must empty
constexpr double kLatencyLeast = 0.25;  // of the limit is kept, however slow a round was
constexpr double kHelped = 0.95;        // of the slow median: above it shrinking did not help
constexpr int kInVainMost = 2;

Nanos median_of(std::vector<Nanos>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double ratio(Nanos a, Nanos b) {
    return static_cast<double>(a.count()) / static_cast<double>(std::max<Nanos::rep>(b.count(), 1));
}

}  // namespace

ConcurrencyController::ConcurrencyController(const ConcurrencyOptions& options)
    : options_(options), limit_(options.start) {
    if (!options_.fixed)
        limit_ = std::clamp(limit_, options_.floor, std::max(options_.floor, options_.ceiling));
}

int ConcurrencyController::on_answer(const Sample& sample, MonoTime now) {
    if (options_.fixed || (now - sample.latency < shrunk_at_)) return limit_;
    busiest_ = std::max(busiest_, sample.in_flight);
    if (sample.throttled) {
        doubling_ = false;
        forget_shrinking();
        shrink(kThrottledFactor, now);
        return limit_;
    }
    latencies_.push_back(sample.latency);
    if (++answers_ >= limit_) end_round(now);
    return limit_;
}

Nanos ConcurrencyController::baseline() const {
    return past_.empty() ? Nanos{0} : past_.front().median;
}

bool ConcurrencyController::is_slow(Nanos median) const {
    return !past_.empty() && ratio(median, baseline()) > options_.slow &&
           median - baseline() > options_.slow_by;
}

void ConcurrencyController::end_round(MonoTime now) {
    ++round_;
    const Nanos median = median_of(latencies_);
    if (!is_slow(median)) {
        forget_shrinking();
        remember(median, now);
        grow();
        begin_round();
        return;
    }
    doubling_ = false;
    const bool after_shrinking = shrunk_at_median_ != Nanos{0};
    in_vain_ = after_shrinking && ratio(median, shrunk_at_median_) > kHelped ? in_vain_ + 1 : 0;
    if (in_vain_ >= kInVainMost) {
        past_.clear();
        remember(median, now);
        limit_ = std::max(limit_, limit_before_);
        forget_shrinking();
        begin_round();
        return;
    }
    if (in_vain_ == 0) limit_before_ = limit_;
    shrunk_at_median_ = median;
    shrink(std::max(kLatencyMargin / ratio(median, baseline()), kLatencyLeast), now);
}

void ConcurrencyController::shrink(double factor, MonoTime now) {
    const int wanted = static_cast<int>(std::floor(limit_ * factor));
    limit_ = std::max(options_.floor, wanted);
    shrunk_at_ = now;
    begin_round();
}

void ConcurrencyController::grow() {
    if (busiest_ < limit_ - limit_ / 4) return;
    limit_ = std::min(options_.ceiling, doubling_ ? limit_ * 2 : limit_ + 1);
}

void ConcurrencyController::begin_round() {
    latencies_.clear();
    answers_ = 0;
    busiest_ = 0;
}

void ConcurrencyController::remember(Nanos median, MonoTime now) {
    while (!past_.empty() && past_.back().median >= median)
        past_.pop_back();
    past_.push_back({.median = median, .at = now, .round = round_});
    while (now - past_.front().at > options_.memory &&
           round_ - past_.front().round > options_.memory_rounds) {
        past_.pop_front();
    }
}

void ConcurrencyController::forget_shrinking() {
    shrunk_at_median_ = Nanos{0};
    in_vain_ = 0;
}

InFlight::Permit InFlight::acquire(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait(lock, stop, [&] { return out_ < limit_; })) return {};
    if (stop.stop_requested()) {
        // This wait may have eaten the only notification: hand it on.
        freed_.notify_one();
        return {};
    }
    ++out_;
    return Permit(this);
}

void InFlight::set_limit(int limit) {
    {
        const std::lock_guard lock(mutex_);
        if (limit == limit_) return;
        limit_ = limit;
    }
    freed_.notify_all();
}

int InFlight::limit() const {
    const std::lock_guard lock(mutex_);
    return limit_;
}

int InFlight::in_flight() const {
    const std::lock_guard lock(mutex_);
    return out_;
}

void InFlight::Permit::release() noexcept {
    if (gate_ != nullptr) std::exchange(gate_, nullptr)->give_back();
}

void InFlight::give_back() noexcept {
    {
        const std::lock_guard lock(mutex_);
        --out_;
    }
    freed_.notify_one();
}

}  // namespace pagehaul::engine
