#pragma once

#include <algorithm>

namespace pagehaul::engine {

/// Whether the next batch's keys are likely all new: then plain COPY stores it at half the cost of staging
/// and merging, else a failed try costs a part of a batch. Pure; one a writer. Hopeful at first; after each
/// failed try it wants twice as many all-new batches in a row, so that a pull that mixes old and new days
/// tries seldom.
class KeyForecast {
  public:
    bool all_new_expected() const { return seen_ >= wanted_; }
    /// The last batch had keys that were there: the next one will have some.
    bool some_known_expected() const { return seen_ == 0; }
    /// A try by COPY met a key that was there.
    void tried_in_vain() {
        wanted_ = std::clamp(wanted_ * 2, 4, 256);
        seen_ = 0;
    }
    /// A batch went through the staging table.
    void merged(bool all_rows_written) { seen_ = all_rows_written ? std::min(seen_ + 1, wanted_) : 0; }

  private:
    int wanted_ = 0;
    int seen_ = 0;
};

}  // namespace pagehaul::engine
