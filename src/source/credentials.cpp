#include "source/credentials.h"

#include <utility>
#include <vector>

namespace pagehaul::source {
namespace {

std::vector<config::Secret*> secrets_of(config::Auth& auth) {
    struct Visitor {
        std::vector<config::Secret*> operator()(config::AuthNone&) const { return {}; }
        std::vector<config::Secret*> operator()(config::AuthHeader& it) const { return {&it.value}; }
        std::vector<config::Secret*> operator()(config::AuthBearer& it) const { return {&it.token}; }
        std::vector<config::Secret*> operator()(config::AuthBasic& it) const {
            return {&it.username, &it.password};
        }
        std::vector<config::Secret*> operator()(config::AuthQuery& it) const { return {&it.value}; }
    };
    return std::visit(Visitor{}, auth);
}

}  // namespace

Credentials::Credentials(config::Auth auth, Reread reread)
    : reread_(std::move(reread)), current_{.version = 0, .auth = std::move(auth)} {}

Credential Credentials::current() const {
    const MutexLock lock(mutex_);
    return current_;
}

CredentialAnswer Credentials::refused(std::int64_t version) {
    const MutexLock lock(mutex_);
    if (version < current_.version) return CredentialAnswer::try_again;
    config::Auth fresh = current_.auth;
    bool changed = false;
    for (config::Secret* const secret : secrets_of(fresh)) {
        Result<config::Secret> again = reread_(*secret);
        // Static, or unreadable now: what we have stays, and was refused.
        if (!again) continue;
        changed = changed || again->value != secret->value;
        *secret = std::move(*again);
    }
    if (!changed) return CredentialAnswer::refused;
    current_.auth = std::move(fresh);
    ++current_.version;
    return CredentialAnswer::try_again;
}

}  // namespace pagehaul::source
