#pragma once

#include "http_request.h"
#include "options.h"

namespace mockapi {

/// Whether the request carries the token that the options ask for, where they ask for it.
bool authorised(const Options& options, const HttpRequest& request);

}  // namespace mockapi
