#pragma once

#include "http_request.h"
#include "options.h"

namespace mockapi {

std::string base64(std::string_view text);

/// Where the request carries a token that was granted to it, whatever that is.
std::string_view shown_token(const Options& options, const HttpRequest& request);

/// Whether the request carries the token that the options ask for, where they ask for it.
bool authorised(const Options& options, const HttpRequest& request);

}  // namespace mockapi
