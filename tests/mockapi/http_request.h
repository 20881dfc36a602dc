#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mockapi {

struct HttpRequest {
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;    ///< percent-decoded
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;

    /// Empty where absent.
    std::string_view header(std::string_view name) const;
    std::string_view parameter(std::string_view name) const;
};

enum class Parse { incomplete, complete, bad };

/// The pairs of a form, percent-decoded.
std::vector<std::pair<std::string, std::string>> form_of(std::string_view text);

/// Reads one request from the start of `input`; `used` is its length once complete.
Parse parse_request(std::string_view input, HttpRequest& request, std::size_t& used);

}  // namespace mockapi
