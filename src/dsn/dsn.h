#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace pagehaul::dsn {

/// The parameters of a connection string, in either of libpq's forms: a URI (postgres://, postgresql://) or
/// key=value, as libpq itself reads them. Holds the password: only `to_conninfo` gives it out, and only to
/// libpq.
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
    /// key=value pairs without those that are secret.
    std::string without_secrets() const;
    /// The values that libpq itself would not show: password, sslpassword.
    std::vector<std::string> secrets() const;
    /// `database "reports" on host "db.example.com"`, for messages.
    std::string describe() const;
    /// `text` with the secrets, should they occur, replaced by ***.
    std::string redact(std::string text) const;

  private:
    struct Parameter {
        std::string key;
        std::string value;
        bool is_secret = false;
    };
    const Parameter* find(std::string_view key) const;

    std::vector<Parameter> parameters_;
};

/// How `secret`, a value of the connection string `text`, is spelled in it: with percent-encodings in a URI,
/// with backslashes otherwise. Empty if it is not in there.
std::string spelling_in(std::string_view text, std::string_view secret);

}  // namespace pagehaul::dsn
