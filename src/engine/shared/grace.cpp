#include "engine/shared/grace.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {

void Grace::begin() {
    {
        const MutexLock lock(mutex_);
        if (!began_) began_ = clock_.now();
    }
    begun_.request_stop();
}

std::optional<MonoTime> Grace::end() const {
    const MutexLock lock(mutex_);
    if (!began_ || !told_) return std::nullopt;
    return *began_ + *told_;
}

MonoTime Grace::end_of_drain(Nanos drain) const {
    const auto last = end();
    return last ? *last - *told_ + drain_within(drain, told_) : MonoTime::max();
}

Nanos Grace::within(StopPart part, Nanos usual) const {
    const auto last = end();
    if (!last) return usual;
    // No limit at all is what nothing means to those who are told it.
    return std::min(usual,
                    std::max<Nanos>(part_within(part, *last - kGraceMargin - clock_.now()), Millis{1}));
}

std::jthread Grace::before_its_end(std::function<void()> exit) const {
    if (!told_) return {};
    return std::jthread([this, exit = std::move(exit)](const std::stop_token& over) {
        std::stop_source either;
        const std::stop_callback on_signal(begun_token(), [&] { either.request_stop(); });
        const std::stop_callback on_over(over, [&] { either.request_stop(); });
        clock_.wait_until(MonoTime::max(), either.get_token());
        const auto last = end();
        if (last && clock_.wait_until(*last - kGraceMargin, over)) exit();
    });
}

}  // namespace pagehaul::engine
