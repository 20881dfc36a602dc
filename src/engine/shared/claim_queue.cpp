#include "engine/shared/claim_queue.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {

std::optional<std::size_t> whose_turn(const std::vector<Lane>& lanes, int hands, bool closed) {
    int active = 0;
    for (const Lane& lane : lanes)
        active += lane.queued > 0 || lane.more ? 1 : 0;
    const bool bounded = active > 1 && !closed;
    const int share = bounded ? std::max(1, (hands + active - 1) / active) : 0;
    std::optional<std::size_t> least;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        if (lanes[i].queued == 0 || (bounded && lanes[i].taken >= share)) continue;
        if (!least || lanes[i].taken < lanes[*least].taken) least = i;
    }
    return least;
}

std::size_t ClaimQueue::count() const {
    std::size_t jobs = 0;
    for (const auto& [name, stream] : streams_)
        jobs += stream.jobs.size();
    return jobs;
}

ClaimQueue::Stream* ClaimQueue::next(int hands) {
    std::vector<Lane> lanes;
    std::vector<Stream*> streams;
    for (auto& [name, stream] : streams_) {
        lanes.push_back({.queued = stream.jobs.size(), .taken = stream.taken, .more = stream.more});
        streams.push_back(&stream);
    }
    const auto turn = whose_turn(lanes, hands, closed_);
    return turn ? streams[*turn] : nullptr;
}

bool ClaimQueue::push(ledger::Claim&& claim, std::stop_token stop) {
    MutexLock lock(mutex_);
    const bool ready =
        room_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return closed_ || count() < capacity_; });
    if (!ready || closed_) return false;
    std::deque<ledger::Claim>& jobs = streams_[claim.stream].jobs;
    jobs.push_back(std::move(claim));
    lock.unlock();
    filled_.notify_one();
    return true;
}

std::optional<ledger::Claim> ClaimQueue::pop(std::stop_token stop, int hands) {
    MutexLock lock(mutex_);
    Stream* stream = next(hands);
    // Asked before the wait: waiting registers with the stop token, which all threads share.
    if (stream == nullptr)
        filled_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) {
            stream = next(hands);
            return stream != nullptr || (closed_ && count() == 0);
        });
    if (stop.stop_requested() || stream == nullptr) {
        // This wait may have eaten the notification meant for somebody who goes on: hand it over.
        if (stream != nullptr) filled_.notify_one();
        return std::nullopt;
    }
    std::optional<ledger::Claim> claim(std::move(stream->jobs.front()));
    stream->jobs.pop_front();
    ++stream->taken;
    lock.unlock();
    room_.notify_all();
    return claim;
}

void ClaimQueue::over(const std::string& stream) {
    bool several = false;
    {
        const MutexLock lock(mutex_);
        --streams_[stream].taken;
        several = streams_.size() > 1;
    }
    if (several) filled_.notify_one();
}

void ClaimQueue::expect_more(const std::string& stream, bool more) {
    {
        const MutexLock lock(mutex_);
        if (std::exchange(streams_[stream].more, more) == more) return;
    }
    filled_.notify_all();
}

void ClaimQueue::close() {
    {
        const MutexLock lock(mutex_);
        closed_ = true;
    }
    room_.notify_all();
    filled_.notify_all();
}

std::vector<ledger::Claim> ClaimQueue::drain() {
    std::vector<ledger::Claim> rest;
    {
        const MutexLock lock(mutex_);
        for (auto& [name, stream] : streams_) {
            std::move(stream.jobs.begin(), stream.jobs.end(), std::back_inserter(rest));
            stream.jobs.clear();
        }
    }
    room_.notify_all();
    return rest;
}

std::size_t ClaimQueue::size() const {
    const MutexLock lock(mutex_);
    return count();
}

std::size_t ClaimQueue::size(const std::string& stream) const {
    const MutexLock lock(mutex_);
    const auto found = streams_.find(stream);
    return found == streams_.end() ? 0 : found->second.jobs.size();
}

}  // namespace pagehaul::engine
