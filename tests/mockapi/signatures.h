#pragma once

#include "http_request.h"
#include "options.h"

namespace mockapi {

/// Whether the request is signed as the options ask for, by the clock of this machine give or take ten
/// minutes. Written from what the APIs publish, with nothing of the program that is tested.
bool signature_holds(const Options& options, const HttpRequest& request);

}  // namespace mockapi
