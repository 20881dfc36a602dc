#include "queue/kafka/publisher.h"

#include <algorithm>

#include "core/error.h"

namespace pagehaul::queue::kafka {
namespace {

constexpr std::chrono::seconds kCountedFor{60};

}  // namespace

template <class Use>
void Publisher::guarded(const Use& use) {
    try {
        if (!sender_ || clock_.now() >= counted_at_ + kCountedFor) open();
        use();
    } catch (...) {
        sender_.reset();
        group_.reset();
        throw;
    }
}

void Publisher::open() {
    if (!sender_) sender_.emplace(config_, clock_);
    partitions_ = sender_->admin().find_or_make(config_);
    counted_at_ = clock_.now();
}

void Publisher::publish(const std::vector<std::string>& bodies) {
    guarded([&] { sender_->send(config_.topic, partitions_, bodies); });
}

Depth Publisher::depth() {
    Depth depth;
    guarded([&] {
        Admin admin = sender_->admin();
        // The group's own first: what comes meanwhile is counted, and never less than nothing.
        if (!group_) group_.emplace(config_, clock_);
        const auto committed = group_->committed(partitions_);
        const auto first = admin.first(config_.topic, partitions_);
        const auto end = admin.end(config_.topic, partitions_);
        for (std::size_t i = 0; i < end.size(); ++i)
            depth.ready += std::max<std::int64_t>(0, end[i] - std::max(committed[i], first[i]));
        const std::string dead = dead_letters_of(config_.topic);
        if (const auto partitions = admin.find(dead)) {
            const auto dead_first = admin.first(dead, *partitions);
            const auto dead_end = admin.end(dead, *partitions);
            std::int64_t count = 0;
            for (std::size_t i = 0; i < dead_end.size(); ++i)
                count += dead_end[i] - dead_first[i];
            depth.dead = count;
        }
    });
    return depth;
}

}  // namespace pagehaul::queue::kafka
