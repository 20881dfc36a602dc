#pragma once

#include <string>
#include <vector>

#include "ledger/slice_view.h"

namespace pagehaul::ledger {

/// What a transaction decided about its locked slices, collected and written with few statements. One owner,
/// one transaction.
class Conclusions {
  public:
    Conclusions(const Scope& scope, const Policies& policies) : scope_(scope), policies_(policies) {}

    void proven(const SliceView& slice, const std::string& by, std::int64_t distinct_keys);
    void failed(const SliceView& slice, const std::string& why);
    /// The next pass, or failed when the passes are used up.
    void moved(const SliceView& slice, const std::string& why);
    void split(const SliceView& slice, const std::string& why);
    void extend(const SliceView& slice, std::int64_t to);
    /// Without a total: the end is known, the proof becomes due.
    void end_found(const SliceView& slice, std::int64_t planned);
    void ask_for_proof(const SliceView& slice);

    void write(postgres::Connection& connection) const;
    /// Proofs, windows, halves or next passes: pages that may be claimed once this is committed.
    bool plans_pages() const {
        return !moved_.empty() || !split_.empty() || !extended_.empty() || !asked_.empty();
    }
    /// Of the slices that failed, moved or were split.
    const std::vector<SliceNews>& news() const { return news_; }

  private:
    const Scope& scope_;
    const Policies& policies_;
    std::vector<std::string> proven_, failed_, moved_, split_, extended_, ended_, asked_;  // rows of VALUES
    std::vector<SliceNews> news_;
};

}  // namespace pagehaul::ledger
