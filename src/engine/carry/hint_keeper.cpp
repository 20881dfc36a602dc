#include "engine/carry/hint_keeper.h"

#include <algorithm>
#include <utility>

#include "log/log.h"

namespace pagehaul::engine {
namespace {

/// While messages are with us their ends are to be told soon: the broker hands out no more than the prefetch.
constexpr Millis busy_wait{20};
/// While nothing comes: short at first, so that the end of a run is not waited for, then a whole second,
/// since some brokers are asked again for each wait, and paid by the question.
constexpr Millis shortest_idle_wait{50};
constexpr Millis longest_idle_wait{1'000};
constexpr Millis away_pause{1'000};
/// Failures in a row: a quorum queue that was just made refuses its first consumer now and then.
constexpr int told_at = 2;
/// Who only hands on what is others' must not do so as fast as it can.
constexpr Millis foreign_pause{1'000};

}  // namespace

HintFate judge_hint(const queue::Hint& hint, const ledger::Scope& scope, std::string_view ledger) {
    // Another ledger's runs are numbered by themselves.
    if (!queue::is_of(hint, scope.pipeline, ledger) || hint.run > scope.run) return HintFate::foreign;
    return hint.run < scope.run ? HintFate::stale : HintFate::ours;
}

std::size_t room_for_more(std::size_t with_us, const Prefetch& prefetch) {
    if (with_us * 4 > prefetch.pages * 3) return 0;
    return (prefetch.pages - with_us + prefetch.per_message - 1) / prefetch.per_message;
}

HintKeeper::HintKeeper(Context& context, HintBox& box, std::unique_ptr<queue::Consumer> consumer,
                       std::unique_ptr<queue::Publisher> publisher, Prefetch prefetch)
    : context_(context),
      box_(box),
      consumer_(std::move(consumer)),
      publisher_(std::move(publisher)),
      prefetch_(prefetch) {}

void HintKeeper::work(std::stop_token no_new_work, std::stop_token over) {
    while (!over.stop_requested()) {
        try {
            const bool stopping = no_new_work.stop_requested();
            if (stopping) consumer_->release(box_.empty());
            settle_ended();
            const bool busy = consumer_->unsettled() > 0 || stopping;
            if (busy) idle_wait_ = shortest_idle_wait;
            const MonoTime until = context_.clock.now() + (busy ? busy_wait : idle_wait_);
            idle_wait_ = std::min(idle_wait_ * 2, longest_idle_wait);
            sort(consumer_->receive(stopping ? 0 : room_for_more(box_.pages(), prefetch_), until));
            connected_ = true;
            if (std::exchange(failures_, 0) >= told_at) log::info("the broker is there again", {});
        } catch (const Failure& failure) {
            lost_link(failure, over);
        }
    }
    try {
        settle_ended();
        consumer_->release(box_.empty());
    } catch (const Failure& failure) {
        log::debug("the broker learns by itself that we are gone", {{"cause", failure.error().text()}});
    }
    consumer_.reset();
}

void HintKeeper::settle_ended() {
    const HintBox::Ended ended = box_.take_ended();
    if (!ended.done.empty()) consumer_->done(ended.done);
    if (!ended.released.empty()) consumer_->release(ended.released);
}

void HintKeeper::sort(std::vector<queue::Delivery> deliveries) {
    std::vector<HintedPage> ours;
    std::vector<std::uint64_t> stale;
    std::vector<queue::Delivery> foreign;
    for (queue::Delivery& delivery : deliveries) {
        if (delivery.again) ++context_.tallies.redeliveries;
        const Result<queue::Hint> hint = queue::read_hint(delivery.body);
        if (!hint) {
            log::warn("a message is unreadable", {{"cause", hint.error().message}});
            consumer_->bury(delivery.tag, hint.error().message);
            continue;
        }
        switch (judge_hint(*hint, context_.scope, context_.ledger)) {
            case HintFate::ours:
                for (const queue::Hint::Page& page : hint->pages)
                    ours.push_back({.page = {.slice_id = page.slice, .no = page.no}, .tag = delivery.tag});
                break;
            case HintFate::stale:
                stale.push_back(delivery.tag);
                break;
            case HintFate::foreign:
                foreign.push_back(std::move(delivery));
                break;
        }
    }
    if (!ours.empty()) box_.put(std::move(ours));
    if (!stale.empty()) consumer_->done(stale);
    if (!foreign.empty()) hand_on(std::move(foreign));
}

void HintKeeper::hand_on(std::vector<queue::Delivery> foreign) {
    if (!std::exchange(foreign_told_, true))
        log::warn(
            "messages of another pipeline or ledger, or of a newer run, are in this queue: they go back", {});
    const auto [bodies, tags] = queue::copies_of(std::move(foreign));
    try {
        publisher_->publish(bodies);
    } catch (const Failure&) {
        consumer_->release(tags);
        return;
    }
    consumer_->handed_on(tags);
    consumer_->receive(0, context_.clock.now() + foreign_pause);
}

void HintKeeper::lost_link(const Failure& failure, const std::stop_token& over) {
    // A broker that has never been right is a mistake in the config; one that was is waited for.
    if (!connected_ && queue::is_refusal(failure.error())) throw failure;
    box_.empty();
    if (++failures_ == told_at)
        log::warn("the broker is away: pages come from the ledger", {{"cause", failure.error().text()}});
    context_.clock.wait_until(context_.clock.now() + away_pause, over);
}

}  // namespace pagehaul::engine
