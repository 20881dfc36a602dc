#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/signing.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "http/transport.h"

namespace pagehaul::source {

/// A request that is being signed, and what the steps have made so far.
struct Draft {
    http::Request& request;
    std::string_view host;  ///< as the transport sends it
    WallTime now;
    Random& random;
    std::string value{};  ///< of the step before
    std::map<std::string, std::string, std::less<>> named{};
};

/// `text` with the values that it names. Fails (kind config) for a name that is not there.
Result<std::string> filled(std::string_view text, const Draft& draft);

// Each step, a file a kind: what it makes is draft.value then; `send` changes the request instead. Failures
// are kind config: the request is not what the steps are for. The config was checked before.

Result<void> take(const config::TimestampStep& step, Draft& draft);
Result<void> take(const config::NonceStep& step, Draft& draft);
Result<void> take(const config::ParametersStep& step, Draft& draft);
Result<void> take(const config::TextStep& step, Draft& draft);
Result<void> take(const config::DigestStep& step, Draft& draft);
Result<void> take(const config::HmacStep& step, Draft& draft);
Result<void> take(const config::EncodeStep& step, Draft& draft);
Result<void> take(const config::CaseStep& step, Draft& draft);
Result<void> take(const config::SendStep& step, Draft& draft);

}  // namespace pagehaul::source
