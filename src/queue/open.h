#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "config/config.h"
#include "core/clock.h"
#include "queue/queue.h"

namespace pagehaul::queue {

/// Whether pages go over a broker: then the two below have something to give.
bool is_brokered(const config::Queue& queue);

/// `queue.ahead` and `queue.pages_per_message`, of a broker's queue; and `queue.idle`.
std::size_t ahead(const config::Queue& queue);
std::size_t pages_per_message(const config::Queue& queue);
Millis idle(const config::Queue& queue);

/// The ends of a config's queue. Neither connects before it is asked something. @param prefetch messages that
/// may be with us at once. `clock` outlives them.
std::unique_ptr<Consumer> open_consumer(const config::Queue& queue, std::size_t prefetch, const Clock& clock);
std::unique_ptr<Publisher> open_publisher(const config::Queue& queue, const Clock& clock);

/// Of an amqp:// or amqps:// URL.
std::string host_of(const std::string& url);

/// The receiving end of a worker that a pool started, over the socket that it was given.
std::unique_ptr<Consumer> open_relay(int fd, const Clock& clock);

/// "rabbitmq queue pagehaul.orders": for people.
std::string describe(const config::Queue& queue);

/// Equal for configs that share a queue, whoever they log in as. Holds no secret.
std::string identity(const config::Queue& queue);

}  // namespace pagehaul::queue
