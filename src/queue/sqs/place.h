#pragma once

#include <string>

#include "config/config.h"
#include "http/proxy.h"

namespace pagehaul::queue::sqs {

/// Where a queue is.
struct Place {
    std::string origin;  ///< of the server: all requests go to its "/"
    std::string host;    ///< as a request names it
    std::string region;
};

/// The region is the config's, or the one in the host's name (sqs.REGION.amazonaws.com, also of a VPC
/// endpoint and of AWS's other domains), or of AWS_REGION or AWS_DEFAULT_REGION; for a server that is not
/// AWS's, us-east-1, which most of them take whatever it is. Throws Failure(config) where there is none.
Place place_of(const config::Sqs& config, const http::Environment& environment);

}  // namespace pagehaul::queue::sqs
