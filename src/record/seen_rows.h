#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pagehaul::record {

/// The key hashes of a page's rows, for finding rows that were there before. Reused from page to page.
class SeenRows {
  public:
    /// Forgets all rows.
    void clear();
    /// Adds the next row.
    /// @return the first row of this hash, if there was one. Later ones are not looked up: a page of equal
    /// rows must not take quadratic time.
    std::optional<std::uint32_t> add(std::int64_t hash) {
        if ((hashes_.size() + 1) * 2 > table_.size()) grow();
        const std::size_t at = place(hash);
        const auto row = static_cast<std::uint32_t>(hashes_.size());
        hashes_.push_back(hash);
        if (table_[at] != kFree) return table_[at];
        table_[at] = row;
        return std::nullopt;
    }
    const std::vector<std::int64_t>& hashes() const { return hashes_; }

  private:
    static constexpr std::uint32_t kFree = UINT32_MAX;
    void grow();
    /// Where the hash is, or the free place for it.
    std::size_t place(std::int64_t hash) const {
        const std::size_t mask = table_.size() - 1;
        auto at = static_cast<std::size_t>(hash) & mask;
        while (table_[at] != kFree && hashes_[table_[at]] != hash)
            at = (at + 1) & mask;
        return at;
    }

    std::vector<std::int64_t> hashes_;  // by row
    std::vector<std::uint32_t> table_;  // open addressing, a power of two; rows
};

}  // namespace pagehaul::record
