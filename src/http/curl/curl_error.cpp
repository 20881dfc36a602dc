#include "http/curl/curl_error.h"

#include <string>
#include <system_error>

namespace pagehaul::http {
namespace {

/// What the operating system said of the connection, or what libcurl says.
std::string reason(CURL* easy, CURLcode code, const char* details) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (number != 0) return std::generic_category().message(static_cast<int>(number));
    return details[0] != '\0' ? details : curl_easy_strerror(code);
}

std::string text_of(CURL* easy, CURLcode code, const char* details) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return std::string(details[0] != '\0' ? details : curl_easy_strerror(code)) +
                   ": no such host, or its name server does not answer";
        case CURLE_COULDNT_CONNECT: {
            long number = 0;
            curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
            return "cannot connect: " + (number != 0
                                             ? std::generic_category().message(static_cast<int>(number))
                                             : std::string("nobody answers there"));
        }
        case CURLE_PARTIAL_FILE:
            return "the connection was closed in the middle of an answer";
        case CURLE_GOT_NOTHING:
            return "the connection was closed before anything was answered";
        case CURLE_SEND_ERROR:
            return "the request was not sent: " + reason(easy, code, details);
        case CURLE_RECV_ERROR:
            return "the answer was not received: " + reason(easy, code, details);
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is not allowed
        case CURLE_WEIRD_SERVER_REPLY:
            return "the answer is not HTTP";
        default:
            return details[0] != '\0' ? details : curl_easy_strerror(code);
    }
}

}  // namespace

Error curl_error(CURL* easy, CURLcode code, const char* details) {
    return {ErrorKind::transient, "", text_of(easy, code, details)};
}

}  // namespace pagehaul::http
