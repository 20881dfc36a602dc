#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/transport.h"
#include "queue/sqs/credentials.h"
#include "queue/sqs/place.h"

namespace pagehaul::queue::sqs {

/// What a batch takes.
constexpr std::size_t kBatch = 10;
/// Requests under way at once, each on a connection of its own: one after another carries ten messages a
/// round trip.
constexpr std::size_t kSideBySide = 8;

/// A queue server's JSON protocol (AWS's "SQS API reference", "AWS JSON protocol"). One thread owns it;
/// several requests of one call are sent side by side.
class Api {
  public:
    Api(const config::Sqs& config, const Clock& clock) : config_(config), clock_(clock) {}

    /// How long one call may take.
    struct Patience {
        Nanos answer = std::chrono::seconds(5);  ///< for each try's answer
        int tries = 3;                           ///< where a failure is transient
    };

    /// The answers in the order of what was asked, an operation's bodies without QueueUrl being completed
    /// with the queue's. Throws Failure (credential, config) where no request can be made at all.
    std::vector<Result<nlohmann::json>> call_all(const std::string& operation,
                                                 std::vector<nlohmann::json> bodies, Patience patience);
    /// Throws Failure.
    nlohmann::json call(const std::string& operation, nlohmann::json body, Patience patience);
    nlohmann::json call(const std::string& operation, nlohmann::json body) {
        return call(operation, std::move(body), Patience{});
    }

    /// An entry of a batch that did not come through.
    struct Refused {
        std::size_t entry = 0;  ///< its place in what was asked
        std::string why;
        bool ours = false;  ///< the fault: the same entry fails again
    };
    /// Entries without "Id", in as few requests as it takes; those that fail and may not again, more than
    /// once. Throws the Failure of a request that failed as a whole.
    std::vector<Refused> batch(const std::string& operation, const std::vector<nlohmann::json>& entries,
                               Patience patience);
    std::vector<Refused> batch(const std::string& operation, const std::vector<nlohmann::json>& entries) {
        return batch(operation, entries, Patience{});
    }

  private:
    void open();
    Result<nlohmann::json> attempt(const std::string& operation, const std::string& body,
                                   const http::AwsCredentials& credentials, Nanos patience) const;
    Result<nlohmann::json> attempts(const std::string& operation, const std::string& body,
                                    const http::AwsCredentials& credentials, Patience patience) const;

    const config::Sqs config_;
    const Clock& clock_;
    Place place_;
    std::optional<CredentialChain> credentials_;
    std::unique_ptr<http::Transport> transport_;
};

}  // namespace pagehaul::queue::sqs
