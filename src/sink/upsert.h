#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"

namespace pagehaul::sink {

/// Ready statements for one sink. Const after construction, shared by all writers.
class Upsert {
  public:
    explicit Upsert(const config::Sink& sink);

    /// COPYs blocks of lines straight into the target, for keys that are believed to be new and do not
    /// repeat: the cost of plain COPY. In a transaction, under a savepoint. @return false when a key is there
    /// already: nothing was stored, stage and merge must do it.
    bool insert_new(postgres::Connection& connection, const std::vector<std::string_view>& blocks) const;
    /// COPYs blocks of lines from record::DecodedPage::copy into this connection's staging table, which it
    /// makes when it is missing: a first pull may never need one. In a transaction.
    void stage(postgres::Connection& connection, const std::vector<std::string_view>& blocks) const;
    /// Merges the staging table into the target, in key order. `may_repeat`: two staged rows may have equal
    /// keys (the later position wins). In the same transaction as `stage`, whose end empties the staging
    /// table. May use a savepoint of its own, released again.
    /// @return rows inserted or changed; the rest of the staged rows was equal already.
    std::int64_t merge(postgres::Connection& connection, bool may_repeat) const;
    /// Empties the staging table, to stage again within one transaction (the search for bad rows). Without it
    /// the earlier rows are merged once more: slower, but the same result.
    void clear(postgres::Connection& connection) const;

  private:
    std::string create_staging_;
    std::string staging_;
    std::string clear_staging_;
    std::string target_;  ///< with its columns, for COPY
    // First a plain INSERT, which is cheaper where no key exists yet; then, if any does, the merge.
    std::string insert_;
    std::string insert_repeating_;
    std::string merge_;
    std::string merge_repeating_;
};

}  // namespace pagehaul::sink
