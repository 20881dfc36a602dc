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
    /// `checks`: the target has triggers that may suppress a row or change its key: each merge then looks
    /// whether all keys are there.
    /// @param nth of those whose staging tables a connection may have, from 1
    /// @param added the target's columns for fields that no column reads (sink/added_columns.h)
    explicit Upsert(const config::Sink& sink, bool checks = false, int nth = 1,
                    const std::vector<std::string>& added = {});

    /// Whether insert_new may be tried.
    bool may_copy() const { return may_copy_; }

    /// COPYs blocks of lines straight into the target, for keys that are believed to be new and do not
    /// repeat: the cost of plain COPY. In a transaction. @return false when a key is there already: the
    /// transaction is rolled back, and its next one must stage and merge.
    bool insert_new(postgres::Connection& connection, const std::vector<std::string_view>& blocks) const;
    /// COPYs blocks of lines from record::DecodedPage::copy into this connection's staging table, which it
    /// makes when it is missing: a first pull may never need one. In a transaction. `is_made`: an earlier
    /// transaction of this connection made it, and was committed.
    void stage(postgres::Connection& connection, const std::vector<std::string_view>& blocks,
               bool is_made = false) const;
    /// Whether a staging table outlives the transaction that made it.
    bool keeps_staging() const { return keeps_staging_; }

    struct Expect {
        bool repeats = false;  ///< two staged rows may have equal keys: the later position wins
        bool known = false;    ///< some keys are likely there: a plain INSERT is not tried first
    };
    /// Merges the staging table into the target, in key order. In the same transaction as `stage`, whose end
    /// empties the staging table. May use a savepoint of its own, released again.
    /// @return rows inserted or changed; the rest of the staged rows was equal already. Throws Failure of
    /// kind config where a trigger keeps a key out.
    std::int64_t merge(postgres::Connection& connection, Expect expect) const;
    /// Empties the staging table, to stage again within one transaction (the search for bad rows). Without it
    /// the earlier rows are merged once more: slower, but the same result.
    void clear(postgres::Connection& connection) const;

  private:
    std::int64_t merge_unchecked(postgres::Connection& connection, Expect expect) const;

    bool keeps_staging_;
    bool checks_;
    bool may_copy_;
    std::string missing_;  ///< finds a staged key that is not in the target
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
