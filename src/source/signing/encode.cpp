#include <algorithm>

#include "core/ascii.h"
#include "core/base64.h"
#include "core/digest.h"
#include "http/url.h"
#include "source/signing/steps.h"

namespace pagehaul::source {

Result<void> take(const config::EncodeStep& step, Draft& draft) {
    switch (step.as) {
        case config::SignEncoding::hex:
            draft.value = to_hex(draft.value);
            break;
        case config::SignEncoding::base64:
            draft.value = base64(draft.value);
            break;
        case config::SignEncoding::base64_url:
            draft.value = base64_url(draft.value);
            break;
        case config::SignEncoding::url:
            draft.value = http::encode_component(draft.value);
            break;
    }
    return {};
}

Result<void> take(const config::CaseStep& step, Draft& draft) {
    if (step.to == config::LetterCase::lower) {
        draft.value = lower(draft.value);
        return {};
    }
    std::transform(draft.value.begin(), draft.value.end(), draft.value.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return {};
}

}  // namespace pagehaul::source
