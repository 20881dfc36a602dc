#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

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
/// `pause`: the Retry-After of a 5xx, 408 or 425, which asks for this request only to wait.
struct Retry {
    std::string reason;
    std::optional<config::Millis> pause{};
    bool unexplained =
        false;  ///< nobody said what the answer means: after `unexplained_retries` it is refused
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

/// How often a page is tried again that brings an envelope which fails `success` and which no rule knows:
/// such codes pass more often than not.
constexpr int unexplained_retries = 3;

/// Judges by status and envelope: the first matching rule, else the defaults. Pure;
/// `now` is for Retry-After dates.
///
/// Operands compare by type: a number (10005) matches a number of equal value, text ("10005") a string, true
/// and false a boolean; 0 does not match "0". What a failed `success` says shows the type that came.
class Judge {
  public:
    explicit Judge(const config::Source& source);
    /// What the decoder must read so that `judge` can see it.
    const record::PageFormat& format() const { return format_; }
    /// @param no the page asked for: a total told on the first page only may be missing on later ones
    Judgement judge(const http::Response& response, const Result<record::DecodedPage>& page, WallTime now,
                    std::int64_t no = 1) const;
    /// The rule, as it is written, that would make this answer the end: "{when: {status: [404]}, then: end}".
    /// Empty where no rule could tell it from a page.
    std::string end_rule(const http::Response& response, const Result<record::DecodedPage>& page) const;

  private:
    struct Compiled {
        config::Rule rule;
        std::optional<std::size_t> pointer;  ///< into the envelope
    };
    std::size_t pointer_index(const std::string& pointer);
    Judgement act(const Compiled& compiled, const http::Response& response, const record::DecodedPage* page,
                  WallTime now) const;
    Judgement by_status(const http::Response& response, WallTime now) const;
    Judgement by_envelope(const http::Response& response, const record::DecodedPage& page, WallTime now,
                          std::int64_t no) const;
    Judgement otherwise(std::string reason, const std::optional<config::Millis>& retry_after) const;
    std::string redirect_reason(const http::Response& response) const;

    config::Source source_;
    record::PageFormat format_;
    std::vector<Compiled> rules_;
    std::optional<std::size_t> success_;
    std::optional<std::size_t> total_rows_;
    std::optional<std::size_t> total_pages_;
};

}  // namespace pagehaul::source
