#include "engine/carry/leftovers.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "log/log.h"
#include "queue/hint.h"
#include "queue/open.h"

namespace pagehaul::engine {
namespace {

constexpr std::size_t at_once = 100;
/// Who joins a Kafka group gets nothing for some seconds.
constexpr Millis long_enough{5'000};
/// A stop is heard as soon.
constexpr Millis look{500};

}  // namespace

std::size_t take_leftovers(queue::Consumer& consumer, queue::Publisher& publisher, const Owner& owner,
                           const Clock& clock, const std::stop_token& stop) {
    std::size_t taken = 0;
    MonoTime quiet_until = clock.now() + long_enough;
    while (!stop.stop_requested() && clock.now() < quiet_until) {
        std::vector<std::uint64_t> over;
        std::vector<queue::Delivery> foreign;
        for (queue::Delivery& delivery :
             consumer.receive(at_once, std::min<MonoTime>(quiet_until, clock.now() + look))) {
            const Result<queue::Hint> hint = queue::read_hint(delivery.body);
            if (!hint) {
                consumer.bury(delivery.tag, hint.error().message);
            } else if (queue::is_of(*hint, owner.pipeline, owner.ledger)) {
                over.push_back(delivery.tag);
            } else {
                foreign.push_back(std::move(delivery));
            }
            quiet_until = clock.now() + long_enough;
        }
        if (!over.empty()) consumer.done(over);
        taken += over.size();
        if (foreign.empty()) continue;
        const auto [bodies, tags] = queue::copies_of(std::move(foreign));
        publisher.publish(bodies);
        consumer.handed_on(tags);
        break;
    }
    return taken;
}

void clear_leftovers(Context& context, std::optional<int> relay) {
    const config::Queue& queue = context.config.queue;
    if (!queue::is_brokered(queue)) return;
    try {
        const auto consumer = relay ? queue::open_relay(*relay, context.clock)
                                    : queue::open_consumer(queue, at_once, context.clock);
        const auto publisher = queue::open_publisher(queue, context.clock);
        const std::size_t taken =
            take_leftovers(*consumer, *publisher, {context.config.pipeline, context.ledger}, context.clock,
                           context.stop.no_new_work_token());
        if (taken > 0) log::info("messages of runs that are over are cleared away", {{"messages", taken}});
    } catch (const Failure& failure) {
        log::warn("could not look for messages of runs that are over", {{"cause", failure.error().text()}});
    }
}

}  // namespace pagehaul::engine
