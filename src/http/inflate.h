#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::http {

/// gzip: RFC 1952, several members one behind the other count as one body. deflate: RFC 1950, or, as some
/// servers understand the word, RFC 1951 alone.
enum class Compression { gzip, deflate };

/// Inflates a whole body and never holds more than `max` decoded bytes: a bomb costs its cap, not its size.
/// `reserve` as in Bounds.
/// Errors: permanent when the decoded body is over `max`; transient when the body is cut short, damaged, or
/// `reserve` refuses.
Result<Body> inflate_body(std::string_view compressed, Compression compression, std::size_t max,
                          const std::function<bool(std::size_t)>& reserve);

}  // namespace pagehaul::http
