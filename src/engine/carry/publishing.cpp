#include "engine/carry/publishing.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/fault.h"
#include "log/log.h"
#include "queue/hint.h"

namespace pagehaul::engine {
namespace {

constexpr Millis broker_away_pause{2'000};
/// Some brokers are paid by the question.
constexpr Millis telling_pause{15'000};

}  // namespace

Publishing::Publishing(Context& context, SessionOptions session, std::unique_ptr<queue::Publisher> publisher,
                       HintLimits limits, bool once)
    : context_(context),
      session_(std::move(session), context.clock, context.random),
      publisher_(std::move(publisher)),
      limits_(limits),
      once_(once),
      planned_(context.clock) {}

void Publishing::work(std::stop_token over) {
    Nanos pause{0};
    while (!over.stop_requested()) {
        const auto told = tell_due(over);
        if (told && !away_) look_at_depth();
        if (once_ && !away_) {
            context_.stop.no_new_work(StopCause::idle,
                                      "the pages that are due are told of: workers pull them");
            return;
        }
        pause = away_ ? Nanos{broker_away_pause} : next_publishing(told.value_or(0), limits_.ahead, pause);
        rest(pause, over);
    }
}

void Publishing::rest(Nanos pause, const std::stop_token& over) {
    const MonoTime began = context_.clock.now();
    // A broker that is away is not asked more often because there is more to tell.
    if (!away_ && pause > shortest_look) {
        planned_.wait_until(began + pause, over);
        pause = std::min<Nanos>(pause, shortest_look);
    }
    context_.clock.wait_until(began + pause, over);
}

std::optional<std::size_t> Publishing::tell_due(const std::stop_token& over) {
    std::optional<std::vector<ledger::Place>> due;
    session_.run(over, [&](postgres::Connection& connection) {
        due = ledger::due_pages(connection, context_.scope, static_cast<int>(limits_.ahead));
    });
    if (!due) return std::nullopt;
    const std::vector<ledger::Place> unsent = policy_.unsent(*due);
    const std::vector<Lot> lots = into_lots(unsent, due->size() - unsent.size(), limits_);
    send(lots);
    return std::accumulate(lots.begin(), lots.end(), std::size_t{0},
                           [](std::size_t sum, const Lot& lot) { return sum + lot.size(); });
}

void Publishing::look_at_depth() {
    const MonoTime now = context_.clock.now();
    if (now < (policy_.wants_depth(now) ? next_depth_ : next_telling_)) return;
    next_depth_ = now + PublishPolicy::grace;
    next_telling_ = now + telling_pause;
    try {
        const queue::Depth depth = publisher_->depth();
        context_.metrics.set_broker(depth.ready, depth.unsettled, depth.dead);
        const std::vector<ledger::Place> lost = policy_.lost(depth, now);
        if (lost.empty()) return;
        log::info("hints sent again", {{"pages", lost.size()}});
        send(into_lots(lost, 0, limits_));
    } catch (const Failure& failure) {
        log::debug("the queue's depth is not to be had", {{"cause", failure.error().text()}});
    }
}

void Publishing::send(const std::vector<Lot>& lots) {
    if (lots.empty()) return;
    std::vector<std::string> bodies;
    bodies.reserve(lots.size());
    for (const Lot& lot : lots) {
        queue::Hint hint{.pipeline = context_.scope.pipeline,
                         .config = context_.fingerprint,
                         .ledger = context_.ledger,
                         .run = context_.scope.run,
                         .pages = {}};
        for (const ledger::Place& page : lot)
            hint.pages.push_back({.slice = page.slice_id, .no = page.no});
        bodies.push_back(queue::write_hint(hint));
    }
    try {
        fault_point("before_publish");
        publisher_->publish(bodies);
        fault_point("after_publish");
        connected_ = true;
        if (std::exchange(away_, false)) log::info("the broker takes hints again", {});
        policy_.sent(lots, context_.clock.now());
    } catch (const Failure& failure) {
        // A broker that has never been right is a mistake in the config; one that was is waited for.
        if (!connected_ && queue::is_refusal(failure.error())) throw;
        const MonoTime now = context_.clock.now();
        if (!away_) away_since_ = now;
        // Nobody here could pull them instead.
        if (once_ && now - away_since_ >= context_.config.run.patience) throw;
        if (!std::exchange(away_, true))
            log::warn("no hints can be sent: workers take pages from the ledger",
                      {{"cause", failure.error().text()}});
    }
}

}  // namespace pagehaul::engine
