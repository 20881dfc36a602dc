#pragma once

#include <condition_variable>
#include <memory>
#include <optional>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/mutex.h"
#include "source/auth/token_source.h"
#include "source/requests.h"

namespace pagehaul::source {

enum class CredentialAnswer {
    try_again,  ///< another credential is there, or to be had: send the request again, uncounted
    refused,    ///< the newest one was refused and there is no newer: the run ends, 77
};

/// A credential that was refused though it was got because an older one was, and so short a time ago: others
/// would be refused too.
constexpr Millis young_credential{60'000};
/// So long nobody is asked again for a credential that he has refused to give, or could not renew while the
/// one at hand holds.
constexpr Millis credential_pause{30'000};
/// When to renew one of this lifetime: early enough for a few tries, and not in its first three quarters.
Nanos renew_after(Nanos lifetime);

/// Owns the source's credential: gets it when it is first needed, renews it before it ends, and once where
/// the API refuses it. Thread-safe; the first caller who needs another one gets it, the others wait for
/// him, or go on with the one at hand while that holds. A stop ends their wait.
class Credentials {
  public:
    Credentials(std::unique_ptr<TokenSource> source, const Clock& clock, Stops stops = {});

    /// Failures are those of TokenSource::get.
    Result<Credential> current();
    /// Of what current() gives, or fails to.
    std::int64_t version() const;
    /// A secret of it may be brought anew.
    bool may_change() const { return source_->may_change(); }
    /// The API took one of this version.
    void accepted(std::int64_t version);
    /// `version` is what the refused request was sent with.
    CredentialAnswer refused(std::int64_t version);

  private:
    /// Lets the source do something while others wait.
    template <class Work>
    auto use(MutexLock& lock, const Work& work) PAGEHAUL_REQUIRES(mutex_);
    Result<Credential> renew(MutexLock& lock) PAGEHAUL_REQUIRES(mutex_);
    void drop() PAGEHAUL_REQUIRES(mutex_);
    Credential held() const PAGEHAUL_REQUIRES(mutex_) { return {.version = version_, .auth = held_->auth}; }

    const std::unique_ptr<TokenSource> source_;  ///< used by whoever has set busy_
    const Clock& clock_;
    const Stops stops_;
    mutable Mutex mutex_;
    std::condition_variable_any free_;
    bool busy_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    std::int64_t version_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    std::optional<Granted> held_ PAGEHAUL_GUARDED_BY(mutex_);
    MonoTime got_at_ PAGEHAUL_GUARDED_BY(mutex_){};
    MonoTime renew_at_ PAGEHAUL_GUARDED_BY(mutex_) = MonoTime::max();
    MonoTime ends_at_ PAGEHAUL_GUARDED_BY(mutex_) = MonoTime::max();
    bool accepted_ PAGEHAUL_GUARDED_BY(mutex_) = false;         ///< the one that is held
    bool after_refusal_ PAGEHAUL_GUARDED_BY(mutex_) = false;    ///< the one that is held was got after one
    bool refused_ PAGEHAUL_GUARDED_BY(mutex_) = false;          ///< the last one, and no other was got since
    std::optional<Error> failure_ PAGEHAUL_GUARDED_BY(mutex_);  ///< of the last get, if it failed
    std::int64_t failures_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    MonoTime ask_again_at_ PAGEHAUL_GUARDED_BY(mutex_){};
};

}  // namespace pagehaul::source
