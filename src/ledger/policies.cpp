#include <algorithm>

#include "core/error.h"
#include "ledger/types.h"

namespace pagehaul::ledger {

const Policy& Policies::of(std::string_view stream) const {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.first == stream; });
    if (found == all_.end())
        throw Failure(ErrorKind::bug, "ledger", "a slice of the unknown stream " + std::string(stream));
    return found->second;
}

bool Policies::any_publishes() const {
    return std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one.second.publishes; });
}

bool Policies::any_linked() const {
    return std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one.second.linked; });
}

}  // namespace pagehaul::ledger
