#include "queue/queue.h"

#include <utility>

namespace pagehaul::queue {

Copies copies_of(std::vector<Delivery> deliveries) {
    Copies copies;
    for (Delivery& delivery : deliveries) {
        copies.bodies.push_back(std::move(delivery.body));
        copies.tags.push_back(delivery.tag);
    }
    return copies;
}

bool is_refusal(const Error& error) {
    return error.kind == ErrorKind::credential || error.kind == ErrorKind::config;
}

}  // namespace pagehaul::queue
