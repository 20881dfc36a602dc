#include "record/seen_rows.h"

#include <algorithm>

namespace pagehaul::record {

void SeenRows::clear() {
    hashes_.clear();
    std::fill(table_.begin(), table_.end(), kFree);
}

void SeenRows::grow() {
    table_.assign(std::max<std::size_t>(256, table_.size() * 2), kFree);
    const std::size_t mask = table_.size() - 1;
    for (std::size_t row = 0; row < hashes_.size(); ++row) {
        auto at = static_cast<std::size_t>(hashes_[row]) & mask;
        while (table_[at] != kFree)
            at = (at + 1) & mask;
        table_[at] = static_cast<std::uint32_t>(row);
    }
}

}  // namespace pagehaul::record
