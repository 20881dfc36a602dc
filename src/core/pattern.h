#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"

namespace pagehaul {

/// A regular expression, found in a text in time linear in its length whatever both are: they come from a
/// config and from others' answers. Constant and thread-safe; copies share it.
class Pattern {
  public:
    /// Error (kind config): what is wrong with it, without quoting it whole.
    static Result<Pattern> compile(std::string_view text);
    /// Whether it is found anywhere in `text`.
    bool found_in(std::string_view text) const;

  private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace pagehaul
