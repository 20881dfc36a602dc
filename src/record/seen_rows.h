#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pagehaul::record {

/// The key hashes of a page's rows, for finding rows that were there before. Reused from page to page.
class SeenRows {
  public:
    /// Forgets all rows.
    void clear();
    /// Calls `visit(row)` for every earlier row of this hash, then adds this one, the next row.
    template <class Visit>
    void add(std::int64_t hash, Visit visit) {
        if ((hashes_.size() + 1) * 2 > table_.size()) grow();
        const std::size_t mask = table_.size() - 1;
        auto at = static_cast<std::size_t>(hash) & mask;
        for (; table_[at] != kFree; at = (at + 1) & mask) {
            if (hashes_[table_[at]] == hash) visit(table_[at]);
        }
        table_[at] = static_cast<std::uint32_t>(hashes_.size());
        hashes_.push_back(hash);
    }
    const std::vector<std::int64_t>& hashes() const { return hashes_; }

  private:
    static constexpr std::uint32_t kFree = UINT32_MAX;
    void grow();

    std::vector<std::int64_t> hashes_;  // by row
    std::vector<std::uint32_t> table_;  // open addressing, a power of two; rows
};

}  // namespace pagehaul::record
