#include "source/auth/static_secrets.h"

#include <utility>

namespace pagehaul::source {

StaticSecrets::StaticSecrets(config::Auth auth, Reread reread)
    : auth_(std::move(auth)), reread_(std::move(reread)), may_change_(any_rereadable(secrets_of(auth_))) {}

Result<Granted> StaticSecrets::get(bool, const Stops&) {
    return Granted{.auth = auth_};
}

bool StaticSecrets::look() {
    return reread_all(secrets_of(auth_), reread_);
}

}  // namespace pagehaul::source
