#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"
#include "record/columns.h"

namespace pagehaul::sink {

/// A row of the target, as long as nobody changes it.
struct RowPlace {
    std::string table;  ///< the oid of the table, or of the partition
    std::string place;  ///< its ctid
};

/// The target's rows of a slice, and what becomes of those that the source has no more. In the transaction
/// that proves the slice. Const after construction.
class VanishedRows {
  public:
    explicit VanishedRows(const config::Sink& sink);

    using Take = std::function<void(RowPlace row, const std::vector<std::optional<std::string>>& key)>;
    /// Hands over every row of the slice, but for those that are marked, with its key as texts: `key_columns`
    /// in that order.
    void read(postgres::Connection& connection, const std::vector<record::SliceField>& slice,
              const std::vector<std::string>& key_columns, const Take& take) const;
    /// Deletes or marks them. @return how many
    std::int64_t remove(postgres::Connection& connection, const std::vector<RowPlace>& rows) const;

  private:
    std::string target_;
    std::string mark_;  ///< the column
    bool marks_;        ///< else they are deleted
};

}  // namespace pagehaul::sink
