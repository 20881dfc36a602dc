#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pagehaul::postgres {

/// Rows of a result, copied out as text. NULL is nullopt.
class Rows {
  public:
    using Row = std::vector<std::optional<std::string>>;
    Rows() = default;
    Rows(std::vector<Row> rows, std::size_t affected) : rows_(std::move(rows)), affected_(affected) {}
    std::size_t size() const { return rows_.size(); }
    bool empty() const { return rows_.empty(); }
    std::size_t affected() const { return affected_; }
    const Row& operator[](std::size_t i) const { return rows_[i]; }
    auto begin() const { return rows_.begin(); }
    auto end() const { return rows_.end(); }

    // Of a field that is known not to be NULL; a Failure of kind bug otherwise.
    const std::string& text(std::size_t row, std::size_t column) const;
    std::int64_t integer(std::size_t row, std::size_t column) const;
    bool boolean(std::size_t row, std::size_t column) const;

  private:
    std::vector<Row> rows_;
    std::size_t affected_ = 0;
};

}  // namespace pagehaul::postgres
