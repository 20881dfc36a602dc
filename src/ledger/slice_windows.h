#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pagehaul::ledger {

/// What slices ask for, as far as it is windows of time: NAME to NAME_end days, NAME to NAME_next times. Two
/// slices of one stream whose other params are equal share what lies in the windows of both.
class SliceWindows {
  public:
    enum class Shared { nothing, a_part, all };

    /// @param params a JSON object. A slice without windows shares nothing with any.
    void add(const std::string& stream, const std::string& params);
    /// How much of what this slice asks for is asked for by those that were added.
    Shared shared(const std::string& stream, const std::string& params) const;
    /// No slice with windows was added.
    bool empty() const { return groups_.empty(); }

    /// A half-open interval, in seconds.
    struct Span {
        std::int64_t begin = 0;
        std::int64_t end = 0;
    };

  private:
    /// Of slices whose other params are equal.
    struct Group {
        std::map<std::int64_t, std::int64_t> merged;  ///< of a single window: begin and end, none touch
        std::vector<std::vector<Span>> boxes;         ///< of several
    };
    std::map<std::string, Group> groups_;
};

}  // namespace pagehaul::ledger
