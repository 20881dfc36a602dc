#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::http {

inline constexpr std::size_t max_header_bytes = 256UL << 10U;

/// The head of an answer, line by line as it comes; interim answers (RFC 9110, 15.2), and a proxy's to
/// CONNECT, are passed over, trailers dropped. Their bytes count in the bound too. We ask for no interim
/// answer, so a connection that brought one is not used again.
///
/// A framing of which two readers may think differently (RFC 9112, 6.3) is refused, or, where one reading is
/// prescribed, taken so and the connection not used again.
class ResponseHead {
  public:
    /// Takes one line, its end included. An error is kind permanent: nothing of the answer is to be believed.
    Result<void> take(std::string_view line);
    /// From here on what comes is body and trailers.
    void body_began() { in_body_ = true; }

    bool complete() const { return complete_; }  ///< of the final answer, so far as anybody knows
    int status() const { return status_; }
    std::optional<std::uint64_t> content_length() const { return content_length_; }
    /// Nothing was seen that makes what comes next on this connection doubtful.
    bool may_reuse() const { return may_reuse_; }
    Headers take_headers() { return std::move(headers_); }

  private:
    void begin(int status);
    Result<void> end();
    Result<void> field(std::string_view line);
    Result<void> length(std::string_view value);

    std::size_t bytes_ = 0;
    bool complete_ = false, in_body_ = false, may_reuse_ = true, chunked_ = false;
    int status_ = 0;
    std::optional<std::uint64_t> content_length_;
    Headers headers_;
};

}  // namespace pagehaul::http
