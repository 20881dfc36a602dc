#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/error.h"
#include "http/transport.h"
#include "record/decoder.h"
#include "source/slices.h"
#include "source/template.h"

namespace pagehaul::source {

/// The values that authenticate a request, and how many times they have been read anew. Copied by value: a
/// request notes the version it was sent with.
struct Credential {
    std::int64_t version = 0;
    config::Auth auth;
};

/// Where a page begins, as far as its number does not say.
struct Start {
    std::optional<std::int64_t> behind{};  ///< so many rows, instead of where the page would
    std::string_view token{};              ///< of a linked kind, as the page before told it; empty: none
};

/// Builds requests from the templates. Templates are compiled in the constructor; const and thread-safe
/// after.
class Requests {
  public:
    /// Throws Failure (kind config) naming the template that is wrong; `load` has checked them before.
    explicit Requests(const config::Source& source);
    ~Requests();
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;

    /// Page `no` (1 is the slice's first, whatever the API's own numbering) of a slice. Fails (kind config)
    /// when an expanded header or path holds CR, LF or NUL. Where there is no token, what would hold it is
    /// left out; one that is a link replaces path and query.
    Result<http::Request> build(const Slice& slice, std::int64_t no, const Credential& credential,
                                const Start& start = {}) const;

    /// The `value` columns of `sink` for this slice. Throws Failure (kind config) when a template names what
    /// the slice does not have.
    record::ColumnValues column_values(const config::Sink& sink, const Slice& slice,
                                       const RunFacts& run) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::source
