#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "source/slices.h"

namespace pagehaul::source {

/// Makes slices of streams from the records of their parent. Const and thread-safe.
class Children {
  public:
    /// Of all streams that have `parent` for theirs.
    Children(const std::vector<config::Stream>& streams, const config::Stream& parent);

    bool empty() const { return streams_.empty(); }
    /// What to read of the parent's records: a sink of which each record is a row, for record::Decoder.
    const config::Sink& reads() const { return reads_; }
    /// The slices that the rows make, in `copy` as that decoder wrote them, for a slice of the parent. Fails
    /// (kind data) where a value is none that a request could be made with.
    Result<std::vector<Slice>> slices(const Slice& parent, std::string_view copy) const;

  private:
    struct Value {
        std::string name;
        std::size_t column = 0;                       ///< of reads_, from 0
        std::string slice{};                          ///< instead: of the parent's slice
        const config::ListDimension* list = nullptr;  ///< or each of these
    };
    struct Child {
        std::string name;
        std::vector<Value> values;
    };
    std::vector<Child> streams_;
    config::Sink reads_;
};

}  // namespace pagehaul::source
