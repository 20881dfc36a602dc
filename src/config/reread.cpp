#include "config/reread.h"

#include <utility>

namespace pagehaul::config {

bool is_rereadable(const Secret& secret) {
    return secret.source.find("${file:") != std::string::npos;
}

Result<Secret> reread(const Secret& secret, Redactor& redactor, const VariableSources& sources) {
    if (!is_rereadable(secret)) {
        return fail(ErrorKind::credential, "", "the secret is static: only ${file:/path} can be read again");
    }
    auto expanded = expand(secret.source, sources);
    if (!expanded) return fail(ErrorKind::config, "", expanded.error());
    for (const Expanded::Value& value : expanded->values)
        redactor.add(value.text);
    redactor.add(expanded->text);
    return Secret{.value = std::move(expanded->text), .source = secret.source};
}

}  // namespace pagehaul::config
