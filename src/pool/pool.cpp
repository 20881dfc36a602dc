#include "pool/pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "log/log.h"
#include "queue/hint.h"

namespace pagehaul::pool {
namespace {

/// While workers are there what they say is to be heard soon.
constexpr Millis busy_wait{20};
constexpr Millis idle_wait{1'000};
constexpr Millis away_pause{1'000};
/// Messages of a pipeline that are kept while it has no worker: more are for other pools.
constexpr std::size_t kept_waiting = 32;
/// Who only hands on must not do so as fast as it can.
constexpr Nanos first_pause = std::chrono::seconds{1};
constexpr Nanos longest_pause = std::chrono::seconds{30};

bool is_refusal(int code) {
    return code == static_cast<int>(ExitCode::credential) || code == static_cast<int>(ExitCode::config);
}

}  // namespace

std::size_t prefetch(std::size_t at_once) {
    return 256 * at_once + 64;
}

Pool::Pool(Options options, std::unique_ptr<queue::Consumer> consumer,
           std::unique_ptr<queue::Publisher> publisher, const Clock& clock)
    : options_(std::move(options)),
      consumer_(std::move(consumer)),
      publisher_(std::move(publisher)),
      clock_(clock),
      last_use_(clock.now()) {
    for (const Member& member : options_.members)
        lanes_[member.pipeline].member = member;
}

Outcome Pool::work(StopControl& stop) {
    while (!stop.no_new_work_token().stop_requested()) {
        receive(false);
        hear();
        seat();
        give();
        hand_on();
        if (!has_worker() && clock_.now() - last_use_ >= options_.idle) {
            let_go();
            return idle_out();
        }
    }
    stop_workers();
    let_go();
    return {stop.cause() == StopCause::sigint ? ExitCode::interrupted : ExitCode::terminated, stop.reason()};
}

void Pool::receive(bool stopping) {
    const bool busy = stopping || has_worker();
    const MonoTime now = clock_.now();
    const MonoTime until = now + (busy ? busy_wait : idle_wait);
    if (now < next_try_) {
        clock_.wait_until(std::min(until, next_try_), {});
        return;
    }
    try {
        const std::size_t most = prefetch(options_.at_once);
        for (queue::Delivery& delivery :
             consumer_->receive(stopping ? 0 : most - std::min(most, held()), until))
            sort(std::move(delivery));
        connected_ = true;
        if (std::exchange(away_, false)) log::info("the broker is there again", {});
    } catch (const Failure& failure) {
        lost_link(failure);
    }
}

void Pool::sort(queue::Delivery delivery) {
    const Result<queue::Hint> hint = queue::read_hint(delivery.body);
    if (!hint) {
        log::warn("a message is unreadable", {{"cause", hint.error().message}});
        consumer_->bury(delivery.tag, hint.error().message);
        return;
    }
    const auto lane = lanes_.find(hint->pipeline);
    if (lane == lanes_.end()) {
        if (!std::exchange(foreign_told_, true))
            log::warn("messages of a pipeline that no file here names are in this queue: they go back",
                      {{"pipeline", hint->pipeline}});
        foreign_.push_back(std::move(delivery));
        return;
    }
    if (lane->second.inbox.empty()) lane->second.waits_since = clock_.now();
    lane->second.inbox.push_back(std::move(delivery));
}

void Pool::hear() {
    for (auto& [pipeline, lane] : lanes_) {
        if (!lane.worker) continue;
        Worker::News news = lane.worker->hear();
        if (!news.done.empty()) last_use_ = clock_.now();
        // Not at the end of the inbox: they have waited longest.
        lane.inbox.insert(lane.inbox.begin(), std::make_move_iterator(news.back.begin()),
                          std::make_move_iterator(news.back.end()));
        try {
            if (!news.done.empty()) consumer_->done(news.done);
            if (!news.handed_on.empty()) consumer_->done(news.handed_on);
            for (const auto& [tag, why] : news.bury)
                consumer_->bury(tag, why);
        } catch (const Failure& failure) {
            lost_link(failure);
        }
        if (news.ended) worker_ended(lane, *news.ended);
    }
}

void Pool::worker_ended(Lane& lane, int code) {
    const bool well =
        code == 0 || (lane.worker->was_asked() && code == static_cast<int>(ExitCode::terminated));
    const log::Level level = well ? log::Level::info : log::Level::warn;
    log::write(level, "a worker ended",
               {{"pipeline", lane.member.pipeline},
                {"pid", lane.worker->pid()},
                {"exit_code", code},
                {"duration_ms", lane.worker->worked()}});
    // Who found nothing to do would find nothing again: its messages are of a run that is over, of
    // another ledger, or of another version's config.
    const bool of_use = lane.worker->was_of_use() || lane.worker->was_asked();
    lane.rest = well && of_use ? Nanos{0} : rest_after(lane.rest);
    lane.rests_until = clock_.now() + lane.rest;
    lane.waits_since = clock_.now();
    lane.last_exit = well ? 0 : code;
    lane.worker.reset();
}

void Pool::seat() {
    const MonoTime now = clock_.now();
    std::vector<Seat> seats;
    std::vector<Waiting> waiting;
    for (const auto& [pipeline, lane] : lanes_) {
        if (lane.worker)
            seats.push_back(lane.worker->seat(pipeline));
        else if (!lane.inbox.empty() && now >= lane.rests_until)
            waiting.push_back({.pipeline = pipeline, .waited = now - lane.waits_since});
    }
    const Moves moves = next_moves(std::move(seats), std::move(waiting), options_.at_once, options_.turn);
    for (const std::string& pipeline : moves.start)
        start(lanes_.at(pipeline));
    for (const std::string& pipeline : moves.leave) {
        Worker& worker = *lanes_.at(pipeline).worker;
        log::info("a worker makes room for another pipeline",
                  {{"pipeline", pipeline}, {"pid", worker.pid()}});
        worker.ask_to_leave();
    }
}

void Pool::start(Lane& lane) {
    try {
        lane.worker = std::make_unique<Worker>(lane.member, options_.at_once, clock_);
    } catch (const Failure& failure) {
        lane.rest = rest_after(lane.rest);
        lane.rests_until = clock_.now() + lane.rest;
        log::warn("a worker could not be started",
                  {{"pipeline", lane.member.pipeline}, {"cause", failure.error().text()}});
        return;
    }
    log::info("a worker is started", {{"pipeline", lane.member.pipeline}, {"pid", lane.worker->pid()}});
    hand_on_pause_ = Nanos{0};
}

void Pool::give() {
    for (auto& [pipeline, lane] : lanes_)
        if (lane.worker) lane.worker->give(lane.inbox);
}

void Pool::hand_on() {
    const MonoTime now = clock_.now();
    if (now < next_hand_on_ || away_) return;
    const bool full = held() >= prefetch(options_.at_once);
    std::vector<queue::Delivery> others(std::make_move_iterator(foreign_.begin()),
                                        std::make_move_iterator(foreign_.end()));
    foreign_.clear();
    for (auto& [pipeline, lane] : lanes_) {
        // Of who is at work only where nobody else's could be seen any more.
        if (lane.worker && !full) continue;
        const std::size_t kept = now < lane.rests_until ? 0 : kept_waiting;
        for (; lane.inbox.size() > kept; lane.inbox.pop_back())
            others.push_back(std::move(lane.inbox.back()));
    }
    if (others.empty()) return;
    const auto [bodies, tags] = queue::copies_of(std::move(others));
    try {
        publisher_->publish(bodies);
        consumer_->done(tags);
    } catch (const Failure& failure) {
        lost_link(failure);
    }
    hand_on_pause_ = std::clamp(2 * hand_on_pause_, first_pause, longest_pause);
    next_hand_on_ = now + hand_on_pause_;
}

void Pool::lost_link(const Failure& failure) {
    // A broker that has never been right is a mistake in the config; one that was is waited for.
    if (!connected_ && queue::is_refusal(failure.error())) throw failure;
    // What workers have they go on with: the ledger knows whether it is still to be done.
    for (auto& [pipeline, lane] : lanes_)
        lane.inbox.clear();
    foreign_.clear();
    next_try_ = clock_.now() + away_pause;
    if (!std::exchange(away_, true))
        log::warn("the broker is away: workers go on from the ledger", {{"cause", failure.error().text()}});
}

Outcome Pool::idle_out() const {
    if (away_) return {ExitCode::unavailable, "the broker is away"};
    const auto refused = std::count_if(lanes_.begin(), lanes_.end(),
                                       [](const auto& entry) { return is_refusal(entry.second.last_exit); });
    if (refused == static_cast<std::ptrdiff_t>(lanes_.size()))
        return {ExitCode::ok, "every pipeline's worker ended with a refused credential or config"};
    return {ExitCode::ok, "there was nothing to do for long"};
}

void Pool::stop_workers() {
    const MonoTime last = clock_.now() + options_.drain;
    for (auto& [pipeline, lane] : lanes_)
        if (lane.worker) lane.worker->ask_to_leave();
    while (has_worker()) {
        receive(true);
        hear();
        if (clock_.now() < last) continue;
        for (auto& [pipeline, lane] : lanes_)
            if (lane.worker) lane.worker->kill();
    }
}

void Pool::let_go() {
    std::vector<std::uint64_t> tags;
    for (const queue::Delivery& delivery : foreign_)
        tags.push_back(delivery.tag);
    for (const auto& [pipeline, lane] : lanes_)
        for (const queue::Delivery& delivery : lane.inbox)
            tags.push_back(delivery.tag);
    try {
        consumer_->release(tags);
    } catch (const Failure& failure) {
        log::debug("the broker learns by itself that we are gone", {{"cause", failure.error().text()}});
    }
    consumer_.reset();
}

std::size_t Pool::held() const {
    std::size_t sum = foreign_.size();
    for (const auto& [pipeline, lane] : lanes_)
        sum += lane.inbox.size() + (lane.worker ? lane.worker->messages() : 0);
    return sum;
}

bool Pool::has_worker() const {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [](const auto& entry) { return entry.second.worker != nullptr; });
}

}  // namespace pagehaul::pool
