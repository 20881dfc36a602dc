#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/deadline.h"
#include "core/error.h"
#include "http/proxy.h"

namespace pagehaul::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request to the transport's one origin. Safe to repeat: the transport may send it twice on a stale
/// connection.
struct Request {
    std::string method = "GET";
    std::string target{};  ///< path and query, percent-encoded, starting with '/'
    Headers headers{};
    std::string body{};
    std::string content_type{};  ///< of the body; empty: no Content-Type header
};

/// A body with the padding that simdjson wants behind it: data() is readable for kPadding bytes beyond
/// size().
class Body {
  public:
    static constexpr std::size_t kPadding = 64;
    std::string_view view() const { return {bytes_.get(), size_}; }
    const char* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    /// Makes room for `more` bytes beyond size() plus padding, and returns where to write them; then call
    /// grew().
    char* grow(std::size_t more);
    void grew(std::size_t by) { size_ += by; }
    static Body of(std::string_view text);

  private:
    std::unique_ptr<char[]> bytes_;  // not a vector, which would write each byte twice
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

struct Response {
    int status = 0;
    Headers headers;  ///< names in lower case
    Body body;        ///< decoded
    Nanos first_byte{0};
    Nanos total{0};
    std::string followed_to{};  ///< path and query that redirects led to; empty: none was followed
    Nanos waited{0};            ///< of the exchange, until those might be followed
    /// The header's value, or empty. `name` in lower case.
    std::string_view header(std::string_view name) const;
};

/// Bounds of one exchange. Each is hard: reaching it ends the request.
struct Bounds {
    Deadline deadline = Deadline::never();
    std::size_t max_body = 16UL << 20U;  ///< decoded bytes
    /// Called before the body buffer grows to `bytes` in all; false refuses (the request then fails as
    /// transient).
    std::function<bool(std::size_t bytes)> reserve{};
};

/// Sends requests to one origin. Thread-safe. `send` blocks its caller until the answer is whole, the
/// deadline passes or `cancel` is requested (then within a second: kind cancelled). Redirects are answered as
/// they are. A failure is kind transient (network, TLS, deadline),
/// permanent (body over its bound, headers over 256 KiB, an encoding nobody asked for), config (a header that
/// holds CR, LF or NUL) or cancelled.
class Transport {
  public:
    virtual ~Transport() = default;
    virtual Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) = 0;
};

struct TransportOptions {
    std::string base_url{};  ///< scheme://host[:port]; its path is not used here
    Millis connect_timeout{5'000};
    Nanos idle_timeout{30'000'000'000};
    std::string ca_file{};  ///< PEM; empty: the system's
    std::string proxy{};    ///< from HTTPS_PROXY / HTTP_PROXY / NO_PROXY, see proxy_for(); empty: none
};

/// Throws Failure (kind config) for a base_url or ca_file that is of no use. `clock` outlives the transport.
/// To be destroyed before main returns: OpenSSL clears up behind it.
std::unique_ptr<Transport> make_transport(const TransportOptions& options, const Clock& clock);

}  // namespace pagehaul::http
