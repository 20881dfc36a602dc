#pragma once

#include <functional>

#include "config/config.h"
#include "core/error.h"
#include "core/mutex.h"
#include "source/requests.h"

namespace pagehaul::source {

enum class CredentialAnswer {
    try_again,  ///< a newer credential is there: send the request again, uncounted
    refused,    ///< the newest one was refused and there is no newer: the run ends, 77
};

/// Owns the source's credential. A refused one whose secrets came from files is read again: once for each
/// content of the files, so that a rotated token is picked up and a wrong one is final. Thread-safe; the
/// first caller who reports the newest version reads, the others wait for it.
class Credentials {
  public:
    /// Reads a secret anew; kind credential says that it is static (config::reread).
    using Reread = std::function<Result<config::Secret>(const config::Secret&)>;

    Credentials(config::Auth auth, Reread reread);

    Credential current() const;
    /// `version` is what the refused request was sent with.
    CredentialAnswer refused(std::int64_t version);

  private:
    const Reread reread_;
    mutable Mutex mutex_;
    Credential current_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::source
