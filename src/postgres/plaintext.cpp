#include "postgres/plaintext.h"

#include <algorithm>

#include "core/loopback.h"
#include "core/split.h"

namespace pagehaul::postgres {
namespace {

// What the server knows of our link: whether it is encrypted, by either means, and where it comes from.
constexpr const char* link_sql = R"(
SELECT coalesce((SELECT s.ssl FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid()), false)
    OR coalesce((SELECT g.encrypted FROM pg_catalog.pg_stat_gssapi g WHERE g.pid = pg_catalog.pg_backend_pid()), false),
    coalesce(pg_catalog.host(pg_catalog.inet_client_addr()), ''))";

std::string setting(const dsn::Dsn& dsn, const Surroundings& surroundings, const char* key,
                    const char* variable) {
    if (const auto written = dsn.get(key)) return *written;
    return surroundings.environment(variable).value_or("");
}

/// libpq's: a path, or a name in the abstract namespace.
bool is_socket(std::string_view host) {
    return host.starts_with('/') || host.starts_with('@');
}

bool has_password(const dsn::Dsn& dsn, const Surroundings& surroundings) {
    if (!setting(dsn, surroundings, "password", "PGPASSWORD").empty()) return true;
    std::string file = setting(dsn, surroundings, "passfile", "PGPASSFILE");
    if (file.empty()) file = surroundings.environment("HOME").value_or("") + "/.pgpass";
    return surroundings.file_exists(file);
}

}  // namespace

std::optional<std::string> password_goes_to(const dsn::Dsn& dsn, const Surroundings& surroundings) {
    if (!has_password(dsn, surroundings)) return std::nullopt;
    std::string hosts = setting(dsn, surroundings, "hostaddr", "PGHOSTADDR");
    if (hosts.empty()) hosts = setting(dsn, surroundings, "host", "PGHOST");
    const std::string service = setting(dsn, surroundings, "service", "PGSERVICE");
    if (hosts.empty() && !service.empty()) return "the host of service " + service;
    for (const std::string_view host : split(hosts, ','))
        if (!host.empty() && !is_socket(host) && !is_loopback(host)) return std::string(host);
    return std::nullopt;
}

bool demands_encryption(const dsn::Dsn& dsn, const Surroundings& surroundings) {
    const std::string mode = setting(dsn, surroundings, "sslmode", "PGSSLMODE");
    return mode == "require" || mode == "verify-ca" || mode == "verify-full" ||
           setting(dsn, surroundings, "gssencmode", "PGGSSENCMODE") == "require";
}

std::optional<std::string> plaintext_host(Connection& connection, const ConnectOptions& options) {
    const auto dsn = dsn::Dsn::parse(options.dsn);
    const Surroundings surroundings = process_surroundings();
    auto host = dsn ? password_goes_to(*dsn, surroundings) : std::nullopt;
    if (!host || demands_encryption(*dsn, surroundings)) return std::nullopt;
    // Behind a pooler the server knows the pooler's link and not ours.
    if (options.pgbouncer) return host;
    const Rows link = connection.exec(link_sql);
    const std::string& client = link.text(0, 1);
    if (link.boolean(0, 0) || client.empty() || is_loopback(client)) return std::nullopt;
    return host;
}

}  // namespace pagehaul::postgres
