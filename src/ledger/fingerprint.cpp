#include "ledger/fingerprint.h"

#include "core/digest.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::size_t kDigits = 16;  // enough to tell two values apart

// Beside the versions, so that no role needs a privilege more.
constexpr std::string_view salt_sql = "SELECT salt FROM {s}.schema_version WHERE version = 1";

std::string salt_of(postgres::Connection& connection, const std::string& schema) {
    const Scope scope{.schema = schema, .pipeline = "", .worker = ""};
    return connection.exec(fill(salt_sql, scope)).text(0, 0);
}

}  // namespace

Fingerprint fingerprint(postgres::Connection& connection, const std::string& schema, CanonicalConfig config,
                        const std::vector<std::pair<std::string, std::string>>& held) {
    if (!held.empty()) {
        const std::string salt = salt_of(connection, schema);
        for (const auto& [path, value] : held) {
            const std::string line =
                path + " holds = " + sha256_hex(salt + path + '\0' + value).substr(0, kDigits) + "\n";
            config.whole += line;
            config.hashed += line;
        }
    }
    return {.hash = sha256_hex(config.hashed), .text = std::move(config.whole)};
}

std::string identity(postgres::Connection& connection, const std::string& schema) {
    return sha256_hex(salt_of(connection, schema) + "ledger").substr(0, kDigits);
}

}  // namespace pagehaul::ledger
