#include "pages.h"

#include <algorithm>

namespace mockapi {

Bytes Pages::rows(const Options& options, const Slice& slice, const Extent& extent, std::uint64_t first,
                  std::uint64_t count) {
    const Key key{hash_text(slice.advertiser_id + "|" + slice.date), first, count};
    if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
    auto text = std::make_shared<std::string>();
    const auto size = extent.size();
    const auto end = first >= size ? first : first + std::min(count, size - first);
    text->reserve((end - first) * 512);
    for (auto place = first; place < end; ++place) {
        if (place > first) *text += ',';
        append_row(*text, options, slice, extent.row_at(place));
    }
    text->shrink_to_fit();
    if (kept_bytes_ + text->size() <= options.cache_mb << 20U) {
        kept_bytes_ += text->size();
        kept_.emplace(key, text);
    }
    return text;
}

void Pages::clear() {
    kept_.clear();
    kept_bytes_ = 0;
}

}  // namespace mockapi
