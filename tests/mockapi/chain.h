#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_request.h"
#include "options.h"

namespace mockapi {

// Pages that tell of the next one, in every way at once: a token in the body, a flag, a link in the body, a
// header with the token, and a Link header.

/// The place of a token's first row; nothing where it is none of ours, or of another generation.
std::optional<std::uint64_t> row_of_token(const Options& options, std::string_view token);

struct ChainWords {
    std::string body;     ///< members behind the list of rows
    std::string headers;  ///< lines
};
/// `first` and `size`: of the page that is served, as asked for; `total`: rows of the slice.
ChainWords chain_words(const Options& options, const HttpRequest& request, std::uint64_t first,
                       std::uint64_t size, std::uint64_t total);

}  // namespace mockapi
