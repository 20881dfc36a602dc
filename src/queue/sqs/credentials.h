#pragma once

#include <optional>
#include <string>

#include "config/yaml/variables.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/sigv4.h"
#include "http/transport.h"

namespace pagehaul::queue::sqs {

/// Credentials and how long they hold.
struct Granted {
    http::AwsCredentials credentials;
    std::optional<WallTime> until{};  ///< absent: they do not expire
};

/// What a source looks at. Outlives none of its calls.
struct Surroundings {
    const config::VariableSources& variables;
    const Clock& clock;
    std::string region;
};

// The sources. Each gives nothing where its variables are not set, and an error where they are and it cannot
// use them: kind credential, or transient where the service behind them is not to be reached. Secrets are
// made known to config::process_redactor() before anything else sees them.

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
std::optional<Result<Granted>> from_environment(const Surroundings& around);
/// IRSA on EKS: the token in AWS_WEB_IDENTITY_TOKEN_FILE is exchanged for a session of AWS_ROLE_ARN at STS of
/// the region, or at AWS_ENDPOINT_URL_STS.
std::optional<Result<Granted>> from_web_identity(const Surroundings& around);
/// EKS Pod Identity: the agent at AWS_CONTAINER_CREDENTIALS_FULL_URI is shown the token in
/// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (or the one in AWS_CONTAINER_AUTHORIZATION_TOKEN). Without TLS only
/// on this machine and at the agent's own addresses; never by a proxy.
std::optional<Result<Granted>> from_container(const Surroundings& around);

/// The sources in that order. One thread.
class CredentialChain {
  public:
    CredentialChain(const Clock& clock, std::string region, config::VariableSources variables = {})
        : clock_(clock), region_(std::move(region)), variables_(std::move(variables)) {}

    /// Those it has, until some minutes before they expire; then new ones, from token files read anew. Throws
    /// Failure: credential, also where no source is set up; transient.
    const http::AwsCredentials& get();
    /// They were refused. @return whether get() may now give others.
    bool refuse();

  private:
    const Clock& clock_;
    const std::string region_;
    const config::VariableSources variables_;
    std::optional<Granted> have_;
    WallTime got_at_{};
    WallTime ask_at_{};  ///< for others, where those it has expire
};

}  // namespace pagehaul::queue::sqs
