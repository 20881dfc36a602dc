#include "queue/kafka/progress.h"

namespace pagehaul::queue::kafka {

void Progress::begin(std::int64_t offset) {
    if (offset < next_) *this = Progress();
    open_.insert(offset);
    next_ = offset + 1;
}

void Progress::finish(std::int64_t offset) {
    if (open_.erase(offset) > 0) moved_ = true;
}

std::optional<std::int64_t> Progress::uncommitted() const {
    if (!moved_) return std::nullopt;
    const std::int64_t position = open_.empty() ? next_ : *open_.begin();
    return position == committed_ ? std::nullopt : std::optional(position);
}

}  // namespace pagehaul::queue::kafka
