#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "options.h"
#include "rows.h"

namespace mockapi {

using Bytes = std::shared_ptr<const std::string>;

/// Rows of pages as joined JSON objects, rendered at first use and kept up to a bound. What changes from
/// answer to answer (the total) is not part of them. One thread.
class Pages {
  public:
    /// `first` and `count` are places in the extent; fewer rows at its end, none beyond.
    Bytes rows(const Options& options, const Slice& slice, const Extent& extent, std::uint64_t first,
               std::uint64_t count);
    /// After anything that changes rows.
    void clear();

  private:
    struct Key {
        std::uint64_t slice;
        std::uint64_t first;
        std::uint64_t count;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return static_cast<std::size_t>(mix(key.slice ^ mix(key.first ^ mix(key.count))));
        }
    };
    std::unordered_map<Key, Bytes, KeyHash> kept_;
    std::size_t kept_bytes_ = 0;
};

}  // namespace mockapi
