#pragma once

#include <memory>
#include <string>

#include "engine/shared/context.h"
#include "ledger/credential.h"
#include "postgres/connection.h"
#include "source/auth/credential_store.h"

namespace pagehaul::engine {

/// So long the others wait for a process that renews the credential, its exchange included.
constexpr Millis credential_patience{60'000};

/// The pair of tokens that a pipeline's processes share, in the ledger's database: encrypted where the config
/// has a key, on a connection of its own, opened for each use. `context` outlives it.
class StoredCredential final : public source::CredentialStore {
  public:
    /// @param key 32 bytes, or none
    StoredCredential(const Context& context, std::string key);

    Result<std::optional<source::StoredPair>> read() override;
    Result<std::int64_t> renew(const Renew& renew, std::stop_token waits) override;

  private:
    std::unique_ptr<postgres::Connection> connect() const;
    Result<std::optional<source::StoredPair>> opened(const ledger::CredentialRow& row) const;
    ledger::CredentialRow closed(const source::StoredPair& pair, std::int64_t generation) const;
    Result<std::int64_t> store(std::unique_ptr<postgres::Connection> connection,
                               const ledger::CredentialRow& row);

    const Context& context_;
    const ledger::Scope scope_;
    const std::string key_;
};

}  // namespace pagehaul::engine
