#pragma once

#include "source/auth/secrets.h"
#include "source/auth/token_source.h"

namespace pagehaul::source {

/// Secrets of the config, shown as they are: `header`, `bearer`, `basic`, `query`. Those that stand in files
/// are read again once they are refused.
class StaticSecrets final : public TokenSource {
  public:
    StaticSecrets(config::Auth auth, Reread reread);

    Result<Granted> get(bool refused, const Stops& stops) override;
    bool look() override;
    bool renews() const override { return false; }
    bool may_change() const override { return may_change_; }

  private:
    config::Auth auth_;
    const Reread reread_;
    const bool may_change_;
};

}  // namespace pagehaul::source
