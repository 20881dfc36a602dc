#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "postgres/connection.h"

namespace pagehaul::postgres {

/// The parameters of a connection string, in either of libpq's forms: a URI (postgres://, postgresql://) or
/// key=value. Holds the password: only `to_conninfo` gives it out, and only to libpq.
class Dsn {
  public:
    /// Fails with kind config, origin sink.dsn and a text without any part of the string: a password with an
    /// unescaped '@' or '/' in a URI would otherwise turn up in the message as a host or a port.
    static Result<Dsn> parse(std::string_view text);

    std::optional<std::string> get(std::string_view key) const;
    void set(std::string_view key, std::string value);            ///< replaces
    void set_if_absent(std::string_view key, std::string value);  ///< what the user wrote stays

    /// key='value' pairs, quoted.
    std::string to_conninfo() const;
    /// `database "reports" on host "db.example.com"`, for messages.
    std::string describe() const;
    /// `text` with the password, should it occur, replaced by ***.
    std::string redact(std::string text) const;

  private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

/// The surroundings that libpq's defaults depend on; replaced in tests.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string&)> environment;
    std::function<bool(const std::string&)> file_exists;
};
Surroundings process_surroundings();

/// Adds what pagehaul needs to what the user wrote. The user's own settings win, except application_name
/// (reapers find backends by it) and client_encoding (COPY lines are UTF-8). Time-outs go through `options`,
/// ours before the user's, not behind pgbouncer, which refuses them.
/// verify-ca and verify-full without sslrootcert get the system's bundle: libpq 15 has no sslrootcert=system.
void apply_options(Dsn& dsn, const ConnectOptions& options, const Surroundings& surroundings);

}  // namespace pagehaul::postgres
