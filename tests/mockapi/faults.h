#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "options.h"
#include "reply.h"

namespace mockapi {

/// Which page fails how: a function of the seed and the page's number, not of the order of requests. A page's
/// first `fault_tries` requests fail, then it is well. One thread.
class FaultPlan {
  public:
    /// The fault of this try of the page, or empty; counts the try.
    std::string next(const Options& options, std::uint64_t slice_hash, std::uint64_t page);
    /// Tries are counted from 0 again.
    void clear() { tries_.clear(); }

  private:
    std::unordered_map<std::uint64_t, std::uint64_t> tries_;
};

/// Turns the good answer to a page into the faulty one.
Reply apply_fault(const Options& options, const std::string& kind, Reply good);

/// 429 with Retry-After as the options say.
Reply too_many(const Options& options);

}  // namespace mockapi
