#include "postgres/dsn.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "core/percent.h"

namespace pagehaul::postgres {
namespace {

tl::unexpected<Error> malformed(const std::string& what) {
    return fail(ErrorKind::config, "sink.dsn",
                what + "; expected postgres://USER:PASSWORD@HOST:PORT/DATABASE or key=value pairs");
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

Result<Parameters> parse_key_values(std::string_view text) {
    Parameters parameters;
    std::size_t i = 0;
    const auto skip_space = [&] {
        while (i < text.size() && is_space(text[i]))
            ++i;
    };
    for (skip_space(); i < text.size(); skip_space()) {
        const std::size_t start = i;
        while (i < text.size() && text[i] != '=' && !is_space(text[i]))
            ++i;
        std::string key(text.substr(start, i - start));
        skip_space();
        if (i >= text.size() || text[i] != '=' || key.empty()) return malformed("a key without '='");
        ++i;
        skip_space();
        const bool quoted = i < text.size() && text[i] == '\'';
        if (quoted) ++i;
        std::string value;
        while (i < text.size() && (quoted ? text[i] != '\'' : !is_space(text[i]))) {
            if (text[i] == '\\' && i + 1 < text.size()) ++i;
            value += text[i++];
        }
        if (quoted) {
            if (i >= text.size()) return malformed("a quoted value without its closing quote");
            ++i;
        }
        parameters.emplace_back(std::move(key), std::move(value));
    }
    return parameters;
}

/// "host1:port1,[::1]:port2" -> two comma-separated lists, as libpq wants them.
Result<Parameters> parse_hosts(std::string_view text) {
    std::string hosts, ports;
    bool any_port = false;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        std::string_view one = text.substr(from, comma - from);
        std::string_view host, port;
        if (one.starts_with('[')) {
            const std::size_t close = one.find(']');
            if (close == std::string_view::npos) return malformed("an IPv6 address without ']'");
            host = one.substr(1, close - 1);
            one.remove_prefix(close + 1);
            if (!one.empty() && one.front() != ':') return malformed("text after an IPv6 address");
            if (!one.empty()) port = one.substr(1);
        } else {
            const std::size_t colon = std::min(one.find(':'), one.size());
            host = one.substr(0, colon);
            if (colon < one.size()) port = one.substr(colon + 1);
        }
        if (!all_digits(port))
            return malformed(
                "a port that is not a number (is a character of the password "
                "not percent-encoded?)");
        const auto decoded = percent_decode(host);
        if (!decoded) return malformed("a bad percent-encoding");
        if (from > 0) hosts += ',', ports += ',';
        hosts += *decoded;
        ports += port;
        any_port = any_port || !port.empty();
        from = comma + 1;
    }
    Parameters parameters;
    if (!hosts.empty()) parameters.emplace_back("host", hosts);
    if (any_port) parameters.emplace_back("port", ports);
    return parameters;
}

Result<Parameters> parse_uri(std::string_view rest) {
    Parameters parameters;
    const auto add = [&](std::string key, std::string_view raw) {
        const auto decoded = percent_decode(raw);
        if (decoded) parameters.emplace_back(std::move(key), *decoded);
        return decoded.has_value();
    };
    // As libpq does: the user information ends at the first '@' that comes before any '/'.
    const std::size_t mark = rest.find_first_of("@/");
    if (mark != std::string_view::npos && rest[mark] == '@') {
        const std::string_view login = rest.substr(0, mark);
        rest.remove_prefix(mark + 1);
        const std::size_t colon = login.find(':');
        if (!login.substr(0, colon).empty() && !add("user", login.substr(0, colon)))
            return malformed("a bad percent-encoding");
        if (colon != std::string_view::npos && !add("password", login.substr(colon + 1)))
            return malformed("a bad percent-encoding in the password");
    }
    if (rest.find('@') < rest.find('?'))
        return malformed(
            "an '@' after the host began: percent-encode '@', '/' and '%' of the user and the password");

    const std::size_t hosts_end = std::min(rest.find_first_of("/?"), rest.size());
    auto hosts = parse_hosts(rest.substr(0, hosts_end));
    if (!hosts) return tl::unexpected(hosts.error());
    parameters.insert(parameters.end(), hosts->begin(), hosts->end());
    rest.remove_prefix(hosts_end);
    if (rest.starts_with('/')) {
        const std::size_t end = std::min(rest.find('?'), rest.size());
        if (end > 1 && !add("dbname", rest.substr(1, end - 1))) return malformed("a bad percent-encoding");
        rest.remove_prefix(end);
    }
    if (rest.starts_with('?')) rest.remove_prefix(1);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return malformed("a query parameter without '='");
        auto key = percent_decode(pair.substr(0, equals));
        if (!key) return malformed("a bad percent-encoding");
        std::string_view value = pair.substr(equals + 1);
        if (*key == "ssl" && value == "true")
            key = "sslmode", value = "require";  // JDBC's spelling, as libpq
        if (!add(*key, value)) return malformed("a bad percent-encoding");
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return parameters;
}

constexpr std::array bundles{
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",              // SUSE
    "/etc/ssl/cert.pem",
};

}  // namespace

Result<Dsn> Dsn::parse(std::string_view text) {
    if (text.empty()) return malformed("is empty");
    if (text.find('\0') != std::string_view::npos) return malformed("holds a NUL byte");
    Result<Parameters> parameters;
    if (text.starts_with("postgres://"))
        parameters = parse_uri(text.substr(11));
    else if (text.starts_with("postgresql://"))
        parameters = parse_uri(text.substr(13));
    else
        parameters = parse_key_values(text);
    if (!parameters) return tl::unexpected(parameters.error());
    Dsn dsn;
    for (auto& [key, value] : *parameters)
        dsn.set(key, std::move(value));  // the last of equal keys wins
    return dsn;
}

std::optional<std::string> Dsn::get(std::string_view key) const {
    const auto found =
        std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == key; });
    return found == parameters_.end() ? std::nullopt : std::optional(found->second);
}

void Dsn::set(std::string_view key, std::string value) {
    const auto found =
        std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == key; });
    if (found == parameters_.end())
        parameters_.emplace_back(key, std::move(value));
    else
        found->second = std::move(value);
}

void Dsn::set_if_absent(std::string_view key, std::string value) {
    if (!get(key)) set(key, std::move(value));
}

std::string Dsn::to_conninfo() const {
    std::string text;
    for (const auto& [key, value] : parameters_) {
        text += key + "='";
        for (const char c : value) {
            if (c == '\'' || c == '\\') text += '\\';
            text += c;
        }
        text += "' ";
    }
    return text;
}

std::string Dsn::describe() const {
    const auto host = get("host");
    const auto service = get("service");
    std::string text = "database \"" + get("dbname").value_or(get("user").value_or("")) + "\"";
    if (host) text += " on host \"" + *host + "\"";
    if (service) text += " of service \"" + *service + "\"";
    return text;
}

std::string Dsn::redact(std::string text) const {
    const std::string password = get("password").value_or("");
    // A password equal to the user's or the database's name is in the message for another reason.
    if (password.empty() || password == get("user") || password == get("dbname")) return text;
    for (std::size_t at = text.find(password); at != std::string::npos; at = text.find(password, at + 3))
        text.replace(at, password.size(), "***");
    return text;
}

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

void apply_options(Dsn& dsn, const ConnectOptions& options, const Surroundings& surroundings) {
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
    dsn.set("options", settings + dsn.get("options").value_or(variable("PGOPTIONS").value_or("")));
}

}  // namespace pagehaul::postgres
