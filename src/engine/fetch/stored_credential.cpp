#include "engine/fetch/stored_credential.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/seal.h"
#include "engine/shared/connecting.h"

namespace pagehaul::engine {
namespace {

constexpr const char* kCredentialName = "source.auth";
constexpr const char* kKeyPlace = "source.auth.encrypt_key";
/// A stop is heard between two of them.
constexpr Millis kLockLook{500};
constexpr int kStoreTries = 5;
constexpr Millis kStorePause{500};

ledger::Scope scope_of(const config::Config& config) {
    ledger::Scope scope;
    scope.schema = config.ledger.schema;
    scope.pipeline = config.pipeline;
    scope.pgbouncer = config.sink.pgbouncer;
    return scope;
}

/// A failure of the database as ours; the table may be missing where nobody has migrated yet.
Error database_error(const postgres::SqlError& error) {
    if (error.sqlstate() == "42P01" || error.sqlstate() == "3F000")
        return {ErrorKind::config, "source.auth.rotates",
                "the ledger has no table for the tokens yet: run `pagehaul migrate`"};
    return error.error();
}

}  // namespace

StoredCredential::StoredCredential(const Context& context, std::string key)
    : context_(context), scope_(scope_of(context.config)), key_(std::move(key)) {}

std::unique_ptr<postgres::Connection> StoredCredential::connect() const {
    const std::string& worker = context_.scope.worker;
    return std::make_unique<postgres::Connection>(
        connect_options(context_.config, worker.empty() ? "credential" : worker));
}

Result<std::optional<source::StoredPair>> StoredCredential::opened(const ledger::CredentialRow& row) const {
    if (row.generation == 0) return std::nullopt;
    std::optional<std::string> text = row.pair;
    if (row.sealed && key_.empty())
        return fail(ErrorKind::config, kKeyPlace, "required: the tokens in the ledger are encrypted");
    if (row.sealed) text = unseal(key_, row.pair, scope_.pipeline);
    const auto json = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    if (!json.is_object())
        return fail(ErrorKind::config, kKeyPlace,
                    "it does not open the tokens in the ledger; expected the key that they were stored with. "
                    "Without it: authorise anew, and delete the pipeline's row of " +
                        scope_.schema + ".credential");
    return source::StoredPair{.generation = row.generation,
                              .configured = json.value("configured", ""),
                              .refresh = json.value("refresh_token", ""),
                              .access = json.value("access_token", ""),
                              .left = row.left ? std::optional<Nanos>(*row.left) : std::nullopt};
}

ledger::CredentialRow StoredCredential::closed(const source::StoredPair& pair,
                                               std::int64_t generation) const {
    const nlohmann::json json{
        {"configured", pair.configured}, {"refresh_token", pair.refresh}, {"access_token", pair.access}};
    const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    ledger::CredentialRow row{.generation = generation,
                              .pair = key_.empty() ? text : seal(key_, text, scope_.pipeline),
                              .sealed = !key_.empty()};
    if (pair.left) row.left = std::chrono::duration_cast<Millis>(*pair.left);
    return row;
}

Result<std::optional<source::StoredPair>> StoredCredential::read() {
    try {
        return opened(ledger::read_credential(*connect(), scope_, kCredentialName));
    } catch (const postgres::SqlError& error) {
        return tl::unexpected<Error>(database_error(error));
    }
}

Result<std::int64_t> StoredCredential::renew(const Renew& renew, std::stop_token waits) {
    try {
        auto connection = connect();
        std::optional<ledger::CredentialRow> row;
        const MonoTime patience_ends = context_.clock.now() + credential_patience;
        while (!(row = ledger::begin_credential(*connection, scope_, kCredentialName, kLockLook))) {
            if (waits.stop_requested()) return fail(ErrorKind::cancelled, "", "stopped");
            if (context_.clock.now() >= patience_ends)
                return fail(ErrorKind::transient, "source.auth",
                            "another process renews the tokens and does not end");
        }
        const auto stored = opened(*row);
        if (!stored) return tl::unexpected<Error>(stored.error());
        const auto made = renew(*stored);
        if (!made) return tl::unexpected<Error>(made.error());
        if (!*made) return 0;
        return store(std::move(connection), closed(**made, row->generation + 1));
    } catch (const postgres::SqlError& error) {
        return tl::unexpected<Error>(database_error(error));
    }
}

/// What was exchanged is nowhere else: it is stored on another connection where this one is lost.
Result<std::int64_t> StoredCredential::store(std::unique_ptr<postgres::Connection> connection,
                                             const ledger::CredentialRow& row) {
    Error last;
    for (int tries = 1; tries <= kStoreTries; ++tries) {
        try {
            if (connection == nullptr) connection = connect();
            if (!connection->in_transaction()) {
                const auto now = ledger::begin_credential(*connection, scope_, kCredentialName, kLockLook);
                // The answer to a commit was lost, and it has landed.
                if (now && now->generation == row.generation && now->pair == row.pair) return row.generation;
                if (!now) {
                    last = {ErrorKind::in_doubt, "source.auth", "another process holds the stored tokens"};
                    continue;
                }
            }
            if (!ledger::store_credential(*connection, scope_, kCredentialName, row))
                return fail(ErrorKind::transient, "source.auth", "another process has stored other tokens");
            connection->commit();
            return row.generation;
        } catch (const postgres::SqlError& error) {
            last = {ErrorKind::in_doubt, error.error().origin, error.error().message};
            connection.reset();
        }
        if (tries < kStoreTries) context_.clock.wait_until(context_.clock.now() + kStorePause, {});
    }
    return tl::unexpected<Error>(last);
}

}  // namespace pagehaul::engine
