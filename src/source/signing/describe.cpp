#include "source/signing/describe.h"

#include <algorithm>
#include <variant>

#include "config/placeholders.h"
#include "core/digest.h"

namespace pagehaul::source {
namespace {

std::string name_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::md5:
            return "md5";
        case DigestKind::sha1:
            return "sha1";
        case DigestKind::sha256:
            return "sha256";
        case DigestKind::sha512:
            return "sha512";
    }
    return "";
}

std::string name_of(config::SignEncoding encoding) {
    switch (encoding) {
        case config::SignEncoding::hex:
            return "hex";
        case config::SignEncoding::base64:
            return "base64";
        case config::SignEncoding::base64_url:
            return "base64url";
        case config::SignEncoding::url:
            return "url";
    }
    return "";
}

/// The step, as a phrase.
struct Words {
    std::string operator()(const config::TimestampStep&) const { return "timestamp"; }
    std::string operator()(const config::NonceStep&) const { return "nonce"; }
    std::string operator()(const config::ParametersStep&) const { return "parameters"; }
    std::string operator()(const config::TextStep&) const { return "text"; }
    std::string operator()(const config::DigestStep& step) const { return name_of(step.algorithm); }
    std::string operator()(const config::HmacStep& step) const { return "hmac " + name_of(step.algorithm); }
    std::string operator()(const config::EncodeStep& step) const { return name_of(step.as); }
    std::string operator()(const config::CaseStep& step) const {
        return step.to == config::LetterCase::upper ? "upper case" : "lower case";
    }
    std::string operator()(const config::SendStep& step) const {
        if (step.query) return "sent as the parameter " + *step.query;
        if (step.header) return "sent as the header " + *step.header;
        if (step.form) return "sent in the form as " + *step.form;
        return "sent in the body as " + *step.body;
    }
};

/// A later step's key is made of what this one makes.
bool is_key(const config::SigningSteps& signing, std::size_t at) {
    const std::string name = step_name(signing.steps[at]);
    for (std::size_t later = at + 1; later < signing.steps.size(); ++later) {
        const auto* const hmac = std::get_if<config::HmacStep>(&signing.steps[later]);
        if (hmac == nullptr) continue;
        const auto names = config::placeholders(hmac->key.value).value_or(std::vector<std::string>{});
        if (std::any_of(names.begin(), names.end(), [&](const std::string& one) {
                return one == "value" ? later == at + 1 : one == name;
            }))
            return true;
    }
    return false;
}

bool makes_bytes(const config::SigningStep& step) {
    return std::holds_alternative<config::DigestStep>(step) || std::holds_alternative<config::HmacStep>(step);
}

}  // namespace

std::string step_name(const config::SigningStep& step) {
    return std::visit(
        [](const auto& it) -> std::string {
            if constexpr (requires { it.name; }) return it.name.value_or("");
            return "";
        },
        step);
}

BuiltStep built(const config::SigningSteps& signing, std::size_t at, const Draft& draft) {
    const config::SigningStep& step = signing.steps[at];
    BuiltStep out{.what = std::visit(Words{}, step), .made = draft.value};
    if (const std::string name = step_name(step); !name.empty()) out.what += " (" + name + ")";
    if (makes_bytes(step)) out.made = "the bytes " + to_hex(draft.value);
    if (const auto* const send = std::get_if<config::SendStep>(&step))
        out.made = filled(send->value.value, draft).value_or("");
    if (is_key(signing, at)) out.made = "***";
    return out;
}

}  // namespace pagehaul::source
