#include "engine/carry/publish_policy.h"

#include <algorithm>
#include <set>

namespace pagehaul::engine {
namespace {

constexpr Millis longest_look{1'000};
/// So many messages at least are made of what is due, as far as there are pages.
constexpr std::size_t fewest_lots = 16;

}  // namespace

std::vector<Lot> into_lots(const std::vector<ledger::Place>& pages, std::size_t waiting,
                           const HintLimits& limits) {
    const std::size_t size =
        std::clamp<std::size_t>((waiting + pages.size()) / fewest_lots, 1, limits.per_message);
    std::vector<Lot> lots;
    for (const ledger::Place& page : pages) {
        if (lots.empty() || lots.back().size() == size) lots.emplace_back();
        lots.back().push_back(page);
    }
    if (!lots.empty() && lots.back().size() < size && waiting * 2 >= limits.ahead) lots.pop_back();
    return lots;
}

std::vector<ledger::Place> PublishPolicy::unsent(const std::vector<ledger::Place>& due) {
    std::vector<ledger::Place> unsent;
    std::map<ledger::Place, Hint> still;
    for (const ledger::Place& page : due) {
        const auto known = sent_.find(page);
        if (known == sent_.end())
            unsent.push_back(page);
        else
            still.insert(*known);
    }
    sent_ = std::move(still);
    return unsent;
}

void PublishPolicy::sent(const std::vector<Lot>& lots, MonoTime now) {
    for (const Lot& lot : lots) {
        ++last_message_;
        for (const ledger::Place& page : lot) {
            Hint& hint = sent_[page];
            hint.sent = now;
            ++hint.times;
            hint.message = last_message_;
        }
    }
}

bool PublishPolicy::wants_depth(MonoTime now) const {
    return std::any_of(sent_.begin(), sent_.end(),
                       [&](const auto& entry) { return now - entry.second.sent >= grace; });
}

std::vector<ledger::Place> PublishPolicy::lost(const queue::Depth& depth, MonoTime now) const {
    std::vector<ledger::Place> overdue;
    std::set<std::int64_t> messages;
    std::vector<ledger::Place> lapsed;
    for (const auto& [page, hint] : sent_) {
        const Nanos waited = now - hint.sent;
        if (waited >= grace) {
            overdue.push_back(page);
            messages.insert(hint.message);
        }
        const Nanos limit = std::min<Nanos>(lapse * (1LL << std::min(hint.times - 1, 8)), longest_lapse);
        if (waited >= limit) lapsed.push_back(page);
    }
    const auto there =
        static_cast<std::size_t>(std::max<std::int64_t>(0, depth.ready + depth.unsettled.value_or(0)));
    return messages.size() > there ? overdue : lapsed;
}

Nanos next_publishing(std::size_t told, std::size_t ahead, Nanos last) {
    if (told * 4 >= ahead) return shortest_look;
    if (told > 0) return std::max<Nanos>(last / 2, shortest_look);
    return std::min<Nanos>(std::max<Nanos>(last, shortest_look) * 2, longest_look);
}

}  // namespace pagehaul::engine
