#include "postgres/options.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

namespace pagehaul::postgres {
namespace {

constexpr std::array bundles{
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",
};

}  // namespace

Surroundings process_surroundings() {
    return {.environment =
                [](const std::string& name) {
                    const char* value = std::getenv(name.c_str());
                    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                },
            .file_exists =
                [](const std::string& path) {
                    std::error_code ignored;
                    return std::filesystem::exists(path, ignored);
                }};
}

void apply_options(dsn::Dsn& dsn, const ConnectOptions& options, const Surroundings& surroundings) {
    const auto variable = [&](const char* name) { return surroundings.environment(name); };
    if (!options.application_name.empty()) dsn.set("application_name", options.application_name);
    dsn.set("client_encoding", "UTF8");
    // libpq counts whole seconds and takes 1 for 2.
    if (options.connect_timeout_ms > 0 && !variable("PGCONNECT_TIMEOUT"))
        dsn.set_if_absent("connect_timeout", std::to_string((options.connect_timeout_ms + 999) / 1000));
    // A peer that vanished without a word is noticed after about a minute, in every state of the link.
    dsn.set_if_absent("keepalives", "1");
    dsn.set_if_absent("keepalives_idle", "30");
    dsn.set_if_absent("keepalives_interval", "10");
    dsn.set_if_absent("keepalives_count", "3");
    dsn.set_if_absent("tcp_user_timeout", "60000");

    const std::string mode = dsn.get("sslmode").value_or(variable("PGSSLMODE").value_or(""));
    const std::string own_bundle = variable("HOME").value_or("") + "/.postgresql/root.crt";
    if ((mode == "verify-ca" || mode == "verify-full") && !dsn.get("sslrootcert") &&
        !variable("PGSSLROOTCERT") && !surroundings.file_exists(own_bundle)) {
        const auto found = std::find_if(bundles.begin(), bundles.end(),
                                        [&](const char* path) { return surroundings.file_exists(path); });
        if (found != bundles.end()) dsn.set("sslrootcert", *found);
    }

    if (options.pgbouncer) return;
    std::string settings;
    const auto setting = [&](const std::string& name, std::int64_t value) {
        if (value > 0) settings += "-c " + name + "=" + std::to_string(value) + " ";
    };
    setting("statement_timeout", options.statement_timeout_ms);
    setting("lock_timeout", options.lock_timeout_ms);
    setting("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout_ms);
    std::string written = dsn.get("options").value_or(variable("PGOPTIONS").value_or(""));
    // The last one counts.
    if (options.catalog_only) written += " -c search_path=pg_catalog,pg_temp";
    dsn.set("options", settings + written);
}

}  // namespace pagehaul::postgres
