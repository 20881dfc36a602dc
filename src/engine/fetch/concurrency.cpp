#include "engine/fetch/concurrency.h"

#include <algorithm>
#include <cmath>

namespace pagehaul::engine {
namespace {

constexpr double kThrottledFactor = 0.7;
constexpr double kLatencyMargin = 0.9;  // below the exact answer: the queue at the API must empty
constexpr double kLatencyLeast = 0.25;  // of the limit is kept, however slow a round was
constexpr double kHelped = 0.95;        // of the slow median: above it shrinking did not help
constexpr int kInVainMost = 2;
// A pause is heard of within a second of the refusal that it came with.
constexpr std::chrono::seconds kSameOccasion{1};
// Fewer answers have no median: the start of one of many processes is a request or two.
constexpr int kLeastToJudge = 4;

/// A round's median, and how far it may be off by chance: two standard errors, estimated from the quartiles
/// (0.93 × IQR / √n for anything bell-shaped). With a steady latency it is almost nothing.
struct Typical {
    Nanos median{0};
    Nanos doubt{0};
};

Typical typical_of(std::vector<Nanos>& values) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    const Nanos spread = values[n * 3 / 4] - values[n / 4];
    const double error = 0.93 * static_cast<double>(spread.count()) / std::sqrt(static_cast<double>(n));
    return {.median = values[n / 2], .doubt = Nanos(static_cast<Nanos::rep>(2 * error))};
}

double ratio(Nanos a, Nanos b) {
    return static_cast<double>(a.count()) / static_cast<double>(std::max<Nanos::rep>(b.count(), 1));
}

}  // namespace

ConcurrencyController::ConcurrencyController(const ConcurrencyOptions& options) : options_(options) {
    start_at(options.start);
}

void ConcurrencyController::start_at(int limit) {
    limit_ = options_.fixed ? limit
                            : std::clamp(limit, options_.floor, std::max(options_.floor, options_.ceiling));
    least_judged_ = limit_;
}

int ConcurrencyController::share_among(int processes) {
    processes_ = std::max(1, processes);
    const bool is_new = round_ == 0 && answers_ == 0 && shrunk_at_ == MonoTime::min();
    if (is_new && !options_.fixed) start_at((options_.start + processes_ - 1) / processes_);
    return limit_;
}

int ConcurrencyController::on_others_throttled(MonoTime now) {
    if (options_.fixed || now < shrunk_at_ + kSameOccasion) return limit_;
    refused(now);
    return limit_;
}

void ConcurrencyController::refused(MonoTime now) {
    doubling_ = false;
    forget_shrinking();
    shrink(kThrottledFactor, options_.floor, now);
}

int ConcurrencyController::round_size() const {
    return limit_ < least_judged_ ? limit_ : std::max(limit_, kLeastToJudge);
}

int ConcurrencyController::on_answer(const Sample& sample, MonoTime now) {
    if (options_.fixed || (now - sample.latency < shrunk_at_)) return limit_;
    busiest_ = std::max(busiest_, sample.in_flight);
    if (sample.throttled) {
        refused(now);
        return limit_;
    }
    latencies_.push_back(sample.latency);
    if (++answers_ >= round_size()) end_round(now);
    return limit_;
}

Nanos ConcurrencyController::baseline() const {
    return past_.empty() ? Nanos{0} : past_.front().median;
}

bool ConcurrencyController::is_slow(Nanos latency) const {
    return !past_.empty() && ratio(latency, baseline()) > options_.slow &&
           latency - baseline() > options_.slow_by;
}

void ConcurrencyController::end_round(MonoTime now) {
    ++round_;
    if (limit_ < least_judged_) {  // only refusals brought it here, and a handful of answers tells nothing
        grow();
        begin_round();
        return;
    }
    const auto [median, doubt] = typical_of(latencies_);
    if (!is_slow(median - doubt)) {
        forget_shrinking();
        remember(median + doubt, now);
        grow();
        begin_round();
        return;
    }
    doubling_ = false;
    const bool after_shrinking = shrunk_at_median_ != Nanos{0};
    in_vain_ = after_shrinking && ratio(median, shrunk_at_median_) > kHelped ? in_vain_ + 1 : 0;
    if (in_vain_ >= kInVainMost) {
        past_.clear();
        remember(median + doubt, now);
        limit_ = std::max(limit_, limit_before_);
        forget_shrinking();
        begin_round();
        return;
    }
    if (in_vain_ == 0) limit_before_ = limit_;
    shrunk_at_median_ = median;
    shrink(std::max(kLatencyMargin / ratio(median, baseline()), kLatencyLeast), least_judged_, now);
}

void ConcurrencyController::shrink(double factor, int least, MonoTime now) {
    const int wanted = static_cast<int>(std::floor(limit_ * factor));
    limit_ = std::max(least, wanted);
    shrunk_at_ = now;
    begin_round();
}

void ConcurrencyController::grow() {
    if (busiest_ < limit_ - limit_ / 4) return;
    grown_ += 1.0 / processes_;
    const int step = doubling_ ? limit_ : static_cast<int>(grown_);
    if (grown_ >= 1) grown_ -= 1;
    limit_ = std::min(options_.ceiling, limit_ + step);
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
    MutexLock lock(mutex_);
    // Asked before the wait: waiting registers with the stop token, which all threads share.
    const auto ready = [&]() PAGEHAUL_REQUIRES(mutex_) { return closed_ || out_ < limit_; };
    if (!ready() && !freed_.wait(lock, stop, ready)) return {};
    if (closed_) return {};
    if (stop.stop_requested()) {
        // This wait may have eaten the only notification: hand it on.
        freed_.notify_one();
        return {};
    }
    ++out_;
    return Permit(this);
}

void InFlight::close() {
    {
        const MutexLock lock(mutex_);
        closed_ = true;
    }
    freed_.notify_all();
}

void InFlight::set_limit(int limit) {
    int raised_by = 0;
    {
        const MutexLock lock(mutex_);
        raised_by = limit - limit_;
        limit_ = limit;
    }
    // As many as may go now; waking all of a hundred waiting workers at every step costs more than a page.
    for (; raised_by > 0; --raised_by)
        freed_.notify_one();
}

int InFlight::limit() const {
    const MutexLock lock(mutex_);
    return limit_;
}

int InFlight::in_flight() const {
    const MutexLock lock(mutex_);
    return out_;
}

void InFlight::Permit::release() noexcept {
    if (gate_ != nullptr) std::exchange(gate_, nullptr)->give_back();
}

bool InFlight::keep(Permit& permit) {
    if (!permit) return false;
    {
        const MutexLock lock(mutex_);
        if (out_ <= limit_) return true;
    }
    permit.release();
    return false;
}

void InFlight::give_back() noexcept {
    {
        const MutexLock lock(mutex_);
        --out_;
    }
    freed_.notify_one();
}

}  // namespace pagehaul::engine
