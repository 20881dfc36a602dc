#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "config/config.h"
#include "core/error.h"
#include "http/transport.h"
#include "record/decoder.h"

namespace pagehaul::source {

/// A page whose records count. The totals are what this response told, where the config names a pointer.
struct Accept {
    std::optional<std::int64_t> total_rows;
    std::optional<std::int64_t> total_pages;
};
struct Retry {
    std::string reason;
};
/// `pause`: Retry-After or the rule's, as a span from now.
struct Throttle {
    std::string reason;
    std::optional<config::Millis> pause;
};
struct RefuseCredential {
    std::string reason;
};
struct End {
    std::string reason;
};  ///< a rule says that a refusal means "no such page"
struct Fail {
    std::string reason;
};
using Judgement = std::variant<Accept, Retry, Throttle, RefuseCredential, End, Fail>;

/// Judges by status and envelope: the first matching rule, else the defaults of DESIGN.md, Config. Pure;
/// `now` is for Retry-After dates.
class Judge {
  public:
    explicit Judge(const config::Source& source);
    /// What the decoder must read so that `judge` can see it.
    const record::PageFormat& format() const { return format_; }
    Judgement judge(const http::Response& response, const Result<record::DecodedPage>& page,
                    WallTime now) const;

  private:
    config::Source source_;
    record::PageFormat format_;
};

}  // namespace pagehaul::source
