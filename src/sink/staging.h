#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "postgres/connection.h"
#include "record/columns.h"

namespace pagehaul::sink {

/// A slice's pass.
struct Pass {
    std::int64_t slice = 0;
    int pass = 1;
    friend auto operator<=>(const Pass&, const Pass&) = default;  // NOLINT(modernize-use-nullptr)
};

/// Where rows wait whose slice is not proven: a logged table, its rows keyed by slice and pass.
/// What an earlier pass left in it is not looked at again; it goes with the table. Const after construction,
/// shared by all writers. The config outlives it.
class Staging {
  public:
    /// `table`: its name, quoted, in a schema where tables may be made.
    Staging(const config::Sink& sink, std::string table);

    /// Makes the table, in a transaction of its own, unless it is there: many may call it.
    void ensure(postgres::Connection& connection) const;
    /// COPYs blocks of lines from record::DecodedPage::copy. In a transaction.
    void stage(postgres::Connection& connection, Pass pass,
               const std::vector<std::string_view>& blocks) const;

    // In the transaction that proves the slice:
    std::int64_t count(postgres::Connection& connection, Pass pass) const;
    /// Whether the target has a row of the slice.
    bool has_rows(postgres::Connection& connection, const std::vector<record::SliceField>& slice) const;
    /// Deletes the target's rows of the slice. @return how many
    std::int64_t remove(postgres::Connection& connection, const std::vector<record::SliceField>& slice) const;
    /// Inserts what is staged into the target, undeclared fields into those of its columns that were added
    /// for them. @return how many rows
    std::int64_t insert(postgres::Connection& connection, Pass pass) const;

  private:
    std::string of(Pass pass) const;

    const config::Sink* sink_;
    std::string target_;
    std::string table_;
    std::string slice_, pass_;  ///< its own columns
    std::string create_;
};

}  // namespace pagehaul::sink
