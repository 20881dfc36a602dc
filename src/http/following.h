#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "http/transport.h"

namespace pagehaul::http {

/// So many redirects of one request; then the last one is the answer.
constexpr int most_redirects = 5;

/// Waits until a request more may go; false: stopped.
using Turn = std::function<bool()>;

/// A transport that asks again where a redirect leads, as long as that is the origin of `base_url`, to which
/// alone it sends; every other redirect is an answer as it is. 307 and 308 keep method and body, 301 and 302
/// are followed for a GET, 303 leads to a GET. Each waits for its `turn` (cancelled without one), and is a
/// request within the same bounds, the waits apart. Throws Failure (kind config) for a base_url that is none.
/// `clock` outlives it.
std::unique_ptr<Transport> following_same_origin(std::unique_ptr<Transport> transport,
                                                 const std::string& base_url, const Clock& clock, Turn turn);

}  // namespace pagehaul::http
