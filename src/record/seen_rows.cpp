#include "record/seen_rows.h"

#include <algorithm>

namespace pagehaul::record {

void SeenRows::clear() {
    hashes_.clear();
    std::fill(table_.begin(), table_.end(), kFree);
}

void SeenRows::grow() {
    table_.assign(std::max<std::size_t>(256, table_.size() * 2), kFree);
    for (std::size_t row = 0; row < hashes_.size(); ++row) {
        const std::size_t at = place(hashes_[row]);
        if (table_[at] == kFree) table_[at] = static_cast<std::uint32_t>(row);
    }
}

}  // namespace pagehaul::record
