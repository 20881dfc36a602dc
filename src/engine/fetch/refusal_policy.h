#pragma once

#include <optional>

#include "core/clock.h"
#include "engine/shared/refusal.h"

namespace pagehaul::engine {

/// A secret that is mounted reaches one pod up to two minutes after another: the kubelet's round and its
/// cache.
constexpr Millis refusal_patience{150'000};
/// Others that have the same secret are refused with their next request; an idle one sends none.
constexpr Millis refusal_grace{5'000};
/// So often is the secret read again, and the ledger asked, meanwhile.
constexpr Millis refusal_look{500};

enum class AfterRefusal {
    wait,   ///< others may have a newer secret, or be refused as well in a moment
    alone,  ///< others go on: this process ends, and the run does not
    run,    ///< nobody has one that is good: 77
};

/// The newest credential was refused `waited` ago, and there is no newer. `rereadable`: there may be one in a
/// moment. `others` is nullopt while the ledger has not answered. Pure.
AfterRefusal after_refusal(bool rereadable, Nanos waited, const std::optional<OthersNow>& others);

}  // namespace pagehaul::engine
