#include "http/cpprest/cpprest_error.h"

#define _TURN_OFF_PLATFORM_STRING  // the macro U breaks fmt and Boost
// clang-format off
#include <utility>  // before pplx: Boost 1.74 uses std::exchange without including it
#include <cpprest/http_msg.h>
// clang-format on
#include <openssl/err.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "core/duration_text.h"

namespace pagehaul::http {
namespace {

constexpr int kHostNotFound = 1;            // netdb's HOST_NOT_FOUND
constexpr int kEof = 2;                     // asio::error::eof, and netdb's TRY_AGAIN
constexpr int kFirstOpensslCode = 1 << 24;  // an OpenSSL error has its library in the upper byte

std::string reason_of(int code, std::string_view doing) {
    // "Error resolving address", but not "Failed to connect to any resolved endpoint".
    const bool resolving = doing.find("resolving") != std::string_view::npos;
    if (resolving) return code == kHostNotFound ? "no such host" : "the name server does not answer";
    if (code == kEof) return "the connection was closed";
    if (code == EHOSTUNREACH) return "connection refused, or host unreachable";
    if (code >= kFirstOpensslCode || code < 0) {
        const char* const reason = ERR_reason_error_string(static_cast<unsigned int>(code));
        if (reason != nullptr) return std::string("TLS: ") + reason;
    }
    return std::generic_category().message(code);
}

}  // namespace

Error network_error(const std::exception_ptr& error, Nanos idle_timeout) {
    try {
        std::rethrow_exception(error);
    } catch (const web::http::http_exception& thrown) {
        // By code: the text of a connect that timed out may be "Request canceled by user". The codes are
        // those of asio and OpenSSL, raw: one that nobody here knows is worth another try.
        const int code = thrown.error_code().value();
        if (code == ETIMEDOUT) {
            return {ErrorKind::transient, "", "the API sent nothing for " + timeout_text(idle_timeout)};
        }
        std::string text = thrown.what();
        if (code != 0) text += ": " + reason_of(code, text);
        return {ErrorKind::transient, "", std::move(text)};
    } catch (const std::exception& thrown) {
        return {ErrorKind::transient, "", thrown.what()};
    } catch (...) {
        return {ErrorKind::transient, "", "unknown HTTP failure"};
    }
}

bool connection_was_stale(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const web::http::http_exception& thrown) {
        // The text tells what was being done; a fresh connection that is reset while we read is no stale one.
        // EHOSTUNREACH is what the library makes of an EPIPE while it writes headers.
        const int code = thrown.error_code().value();
        return std::string_view(thrown.what()).find("write request") != std::string_view::npos &&
               (code == EPIPE || code == ECONNRESET || code == EHOSTUNREACH);
    } catch (...) {
        return false;
    }
}

}  // namespace pagehaul::http
