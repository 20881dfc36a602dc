#pragma once

#include <curl/curl.h>

#include "core/error.h"

namespace pagehaul::http {

/// What libcurl's result means, of kind transient: a network's failure may pass. The text says the same of
/// the same failure each time, without times and sizes: failures are counted by it.
/// @param details libcurl's error buffer, may be empty
Error curl_error(CURL* easy, CURLcode code, const char* details);

}  // namespace pagehaul::http
