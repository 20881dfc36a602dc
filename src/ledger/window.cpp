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
           ", and later pages have rows too: the API moved, or its pages are short" +
           (no == 1 ? ", because it caps their size below that" : "");
}

namespace {

/// The page that ends the pass by what it says, or is, alone.
std::optional<std::int64_t> last_page(const Policy& policy, const Window& window) {
    if (policy.end == Policy::End::told) return window.last_told;
    if (policy.end != Policy::End::short_page) return std::nullopt;
    const auto& empty = window.first_empty;
    if (window.first_short && (!empty || *window.first_short < *empty)) return window.first_short;
    if (empty) return *empty - 1;
    return std::nullopt;
}

/// The end is page `end` if nothing behind it has rows.
WindowStep judge_last_page(const Policy& policy, const Window& window, std::int64_t end) {
    const bool before_it = window.failed > 0 && window.first_failed.value_or(0) <= end;
    if (before_it || window.unfinished > 0) return Wait{};
    const std::int64_t last = window.last_with_rows.value_or(0);
    if (last <= end) return EndFound{end};
    if (policy.end == Policy::End::short_page && window.first_short == end)
        return EndMoved{short_page_text(policy, end)};
    return EndMoved{"page " + std::to_string(last) + " has rows, and page " + std::to_string(end) +
                    (policy.end == Policy::End::told ? " said that it is the last (source.pagination.more)"
                                                     : " is followed by an empty one")};
}

}  // namespace

WindowStep judge_window(const Policy& policy, const Window& all) {
    if (const auto end = last_page(policy, all)) return judge_last_page(policy, all, *end);
    Window window = all;
    // Where pages say which is the last one, others may hold as few rows as they like.
    if (policy.end == Policy::End::told) {
        if (all.first_empty && all.unfinished > 0) return Wait{};
        window.first_empty = window.first_short = std::nullopt;
    }
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
    if (window.highest - last >= 2) {
        if (policy.end != Policy::End::told) return EndFound{last};
        return EndRefused{"pages " + std::to_string(last + 1) + " and " + std::to_string(last + 2) +
                          " have no rows, and no page said that it is the last (source.pagination.more)"};
    }
    if (window.first_empty) return extend(policy, window.highest, window.highest + 1);
    if (window.first_short) return extend(policy, window.highest, *window.first_short + 2);
    return extend(policy, window.highest, window.highest + std::clamp<std::int64_t>(window.highest, 8, 64));
}

}  // namespace pagehaul::ledger
