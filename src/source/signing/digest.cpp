#include "core/digest.h"

#include "source/signing/steps.h"

namespace pagehaul::source {

Result<void> take(const config::DigestStep& step, Draft& draft) {
    draft.value = digest_of(step.algorithm, draft.value);
    return {};
}

Result<void> take(const config::HmacStep& step, Draft& draft) {
    const auto key = filled(step.key.value, draft);
    if (!key) return tl::unexpected(key.error());
    draft.value = hmac(step.algorithm, *key, draft.value);
    return {};
}

}  // namespace pagehaul::source
