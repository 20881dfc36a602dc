#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::source {

/// What all processes of a pipeline share of a credential whose refresh token is good once.
struct StoredPair {
    std::int64_t generation = 0;  ///< one more with each pair; the store counts
    std::string configured;       ///< the refresh token of the config that the pairs began with
    std::string refresh;
    std::string access;
    std::optional<Nanos> left{};  ///< of what the access token holds; absent: nobody knows
};

/// Keeps that pair, one for the pipeline. Implemented by the engine on the ledger's database. One thread.
/// Failures are kind transient (the database is away, or another process renews and does not end), config or
/// cancelled.
class CredentialStore {
  public:
    virtual ~CredentialStore() = default;
    virtual Result<std::optional<StoredPair>> read() = 0;
    /// What to store in the stead of what is there; nothing: that stays.
    using Renew = std::function<Result<std::optional<StoredPair>>(const std::optional<StoredPair>& stored)>;
    /// Calls `renew` while no other process is in it; waits for that, until `waits`. What it makes is
    /// committed when this returns its generation; 0: nothing was made. A failure of kind in_doubt: it was
    /// made and could not be stored.
    virtual Result<std::int64_t> renew(const Renew& renew, std::stop_token waits) = 0;
};

}  // namespace pagehaul::source
