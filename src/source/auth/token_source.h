#pragma once

#include <optional>
#include <stop_token>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::source {

/// What requests are to show, and for how long.
struct Granted {
    config::Auth auth;
    std::optional<Nanos> lifetime{};  ///< absent: until it is refused
};

/// `waits`: no new work is begun, so that nobody is to wait for anything but an exchange under way; `cancel`
/// ends that too.
struct Stops {
    std::stop_token waits{};
    std::stop_token cancel{};
};

/// Where a credential comes from. Used by one thread at a time. Whatever is secret in what it gets is known
/// to the redactor before anybody else sees it.
class TokenSource {
  public:
    virtual ~TokenSource() = default;

    /// A credential. `refused`: the API refuses what get() gave last. Failures are kind transient, credential
    /// (nobody gives us one), config or cancelled, and name the place in the config.
    virtual Result<Granted> get(bool refused, const Stops& stops) = 0;
    /// Looks whether somebody has brought what get() needs to do better than last time: a file with another
    /// secret, say.
    virtual bool look() = 0;
    /// get() may give another credential though nobody has brought anything.
    virtual bool renews() const = 0;
    /// Somebody may bring something while the process runs.
    virtual bool may_change() const = 0;
};

}  // namespace pagehaul::source
