#pragma once

#include <string>

#include "core/clock.h"
#include "http/transport.h"

namespace pagehaul::http {

/// Who asks AWS. All three are secrets but the id.
struct AwsCredentials {
    std::string id;
    std::string secret;
    std::string token;  ///< of a session; empty: the key is no temporary one
};

struct AwsSigning {
    const AwsCredentials& credentials;
    std::string region;
    std::string service;
    std::string host;  ///< as the transport sends it: with the port where it is not the scheme's own
    WallTime at;
};

/// What was signed, for people.
struct AwsSigned {
    std::string canonical;  ///< the request in the form that both sides agree on
    std::string to_sign;
};

/// Adds what AWS knows the sender by, Signature Version 4 ("Create a signed AWS API request" in the IAM user
/// guide): X-Amz-Date, X-Amz-Security-Token and Authorization; for S3 X-Amz-Content-Sha256 too. The request's
/// headers, but for User-Agent, which proxies change, its content type and its body are signed as they are,
/// so nothing of them may change afterwards. The path must be without dot segments, the query
/// percent-encoded.
AwsSigned sign(const AwsSigning& how, Request& request);

}  // namespace pagehaul::http
