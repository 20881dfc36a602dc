#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "http/transport.h"
#include "record/decoder.h"
#include "source/condition.h"

namespace pagehaul::source {

/// A page whose records count. The totals are what this response told, where the config names a pointer.
struct Accept {
    std::optional<std::int64_t> total_rows{};
    std::optional<std::int64_t> total_pages{};
    std::optional<bool> more{};  ///< whether the API says that pages follow, where the config names a pointer
    bool nothing = false;        ///< something stands instead of the records that means that there are none
    std::optional<std::string>
        next{};  ///< of a linked kind: the next page's token; none: there is no next page
};
/// `pause`: the Retry-After of a 5xx, 408 or 425, which asks for this request only to wait.
struct Retry {
    std::string reason;
    std::optional<config::Millis> pause{};
    bool unexplained = false;  ///< nobody can say what it means: after `unexplained_retries` it is refused
    std::string hint{};        ///< what may be written into the config then
};
/// `pause`: what the API told, by Retry-After or where the rule says, or the rule's own, as a span from now.
struct Throttle {
    std::string reason;
    std::optional<config::Millis> pause;
    config::ThrottleScope scope = config::ThrottleScope::source;
};
struct RefuseCredential {
    std::string reason;
};
struct End {
    std::string reason;
};  ///< a rule says that a refusal means "no such page"
/// A rule says that the API does not serve a slice of this size to its end: its halves may be asked for.
struct Split {
    std::string reason;
};
/// A rule says to go on without this page, whatever was on it.
struct Skip {
    std::string reason;
};
struct Fail {
    std::string reason;
};
using Judgement = std::variant<Accept, Retry, Throttle, RefuseCredential, End, Skip, Split, Fail>;

/// How often a page is tried again that brings an envelope which fails `success` and which no rule knows, or
/// a body that no rest would make JSON: such answers pass more often than not.
constexpr int unexplained_retries = 3;

/// Judges by status and envelope: the first matching rule, else the defaults. Pure;
/// `now` is for Retry-After dates.
/// What a failed `success` says shows the type that came.
class Judge {
  public:
    explicit Judge(const config::Source& source);
    /// What the decoder must read so that `judge` can see it.
    const record::PageFormat& format() const { return format_; }
    /// @param no the page asked for: a total told on the first page only may be missing on later ones
    /// @param target of the request, which a link may be relative to
    Judgement judge(const http::Response& response, const Result<record::DecodedPage>& page, WallTime now,
                    std::int64_t no = 1, std::string_view target = {}) const;
    /// The rule, as it is written, that would make this answer the end: "{when: {status: [404]}, then: end}".
    /// Empty where no rule could tell it from a page.
    std::string end_rule(const http::Response& response, const Result<record::DecodedPage>& page) const;

  private:
    struct Compiled {
        config::Rule rule;
        std::vector<Condition> when;
        std::optional<Place> wait;
    };
    Judgement act(const Compiled& compiled, const Answered& answered, WallTime now) const;
    std::optional<config::Millis> pause(const Compiled& compiled, const Answered& answered,
                                        WallTime now) const;
    Judgement by_status(const http::Response& response, WallTime now) const;
    Judgement by_envelope(const Answered& answered, WallTime now, std::int64_t no,
                          std::string_view target) const;
    /// Nothing but what the config, or its silence, lets stand instead of records.
    bool may_be_nothing(const record::InsteadOfRecords& instead, const Accept& told) const;
    Fail without_records(const record::InsteadOfRecords& instead) const;
    /// What the page tells of the next one; `more`: its flag.
    Result<std::optional<std::string>> next(const Answered& answered, const std::optional<bool>& more,
                                            std::string_view target) const;
    record::Scalar told_next(const Answered& answered) const;
    Judgement otherwise(std::string reason, const std::optional<config::Millis>& retry_after) const;
    std::string redirect_reason(const http::Response& response) const;

    config::Source source_;
    record::PageFormat format_;
    std::vector<Compiled> rules_;
    std::vector<Condition> success_;
    std::optional<Place> total_rows_;
    std::optional<Place> total_pages_;
    std::optional<Place> more_;
    std::optional<Place> next_;  ///< of the next page's token or link
};

}  // namespace pagehaul::source
