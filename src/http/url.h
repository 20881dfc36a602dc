#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace pagehaul::http {

/// An absolute http or https URL without userinfo.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< in lower case; an IPv6 address keeps its brackets
    int port = 0;        ///< the scheme's default where the URL names none
    std::string path;    ///< starts with '/', as written
    std::string rest;    ///< "?query#fragment", as written; always empty for a base URL

    /// "https://host" or "https://host:8443": the part that credentials are bound to.
    std::string origin() const;
};

/// A configured base URL: no userinfo (credentials go to `auth`), no query, no fragment.
/// Errors are kind config and say what was expected.
Result<Url> parse_url(std::string_view text);

/// Any absolute URL, a Location say: a query and a fragment are kept in `rest`, userinfo is refused.
Result<Url> parse_absolute_url(std::string_view text);

/// Scheme, host and effective port are equal.
bool same_origin(const Url& a, const Url& b);

/// Path and query of a link that stands in the answer to a request for `target` at `base`: an absolute URL,
/// or one relative to it but for dot segments. Fails (kind data) on what is no such link, and on one of
/// another origin.
Result<std::string> linked_target(const Url& base, std::string_view target, std::string_view link);

/// "/api" and "/data" are "/api/data"; slashes where they meet are made one.
std::string join_path(std::string_view base, std::string_view path);

/// For literal text of a path template: '/', '?', '&', '=' and finished escapes ("%2F") stay, all else that a
/// path cannot hold is encoded.
std::string encode_path(std::string_view text);
/// For a value inside a path, and for names and values of a query: only unreserved characters stay.
std::string encode_component(std::string_view text);
void append_encoded_component(std::string& out, std::string_view text);

/// Path and query without the parameters of this name, which is not encoded.
std::string without_parameter(std::string_view target, std::string_view name);
/// A name or value of a query or a form; what is no escape stands for itself, + for a blank.
std::string decode_component(std::string_view text);

/// No CR, LF or NUL.
bool safe_in_header(std::string_view text);

}  // namespace pagehaul::http
