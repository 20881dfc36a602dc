#include "ledger/window.h"

#include <algorithm>

namespace pagehaul::ledger {
namespace {

/// A pass may hold max_pages pages with rows and the two empty ones that end it.
WindowStep extend(const Policy& policy, std::int64_t highest, std::int64_t to) {
    const std::int64_t limit = policy.max_pages + 2;
    if (highest >= limit)
        return EndRefused{"page " + std::to_string(highest) +
                          " is not the end yet, source.pagination.max_pages allows " +
                          std::to_string(policy.max_pages) + " pages: slice finer, or raise it"};
    return Extend{std::min(to, limit)};
}

}  // namespace

std::string short_page_text(const Policy& policy, std::int64_t no) {
    return "page " + std::to_string(no) + " brought fewer rows than source.pagination.size, " +
           std::to_string(policy.page_size) +
           ", and later pages have rows too: the API moved, or its pages are short";
}

WindowStep judge_window(const Policy& policy, const Window& window) {
    // A failed page may be the end or not: nobody knows, the slice waits for a later start. Behind an empty
    // page it may only confirm the end or not, and the proof asks there again.
    const bool behind_the_end = window.first_empty && window.first_failed > window.first_empty;
    if (window.failed > 0 && !behind_the_end) return Wait{};
    const std::int64_t last = window.last_with_rows.value_or(0);
    if (window.first_empty && last > *window.first_empty)
        return window.unfinished > 0 ? WindowStep{Wait{}}
                                     : EndMoved{"page " + std::to_string(last) + " has rows after page " +
                                                std::to_string(*window.first_empty) + " had none"};
    if (window.first_short && last > *window.first_short)
        return window.unfinished > 0 ? WindowStep{Wait{}}
                                     : EndMoved{short_page_text(policy, *window.first_short)};
    if (window.unfinished > 0) {
        if (window.highest == 1 || window.first_empty) return Wait{};
        if (window.first_short)
            return window.highest >= *window.first_short + 2
                       ? WindowStep{Wait{}}
                       : extend(policy, window.highest, *window.first_short + 2);
        if (window.unfinished >= window_low_water || window.highest >= policy.max_pages + 2) return Wait{};
        return extend(policy, window.highest,
                      window.highest + std::clamp<std::int64_t>(window.highest, 8, 64));
    }
    if (window.highest - last >= 2) return EndFound{last};
    if (window.first_empty) return extend(policy, window.highest, window.highest + 1);
    if (window.first_short) return extend(policy, window.highest, *window.first_short + 2);
    return extend(policy, window.highest, window.highest + std::clamp<std::int64_t>(window.highest, 8, 64));
}

}  // namespace pagehaul::ledger
