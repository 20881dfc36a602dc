#include "source/auth/secrets.h"

#include <algorithm>
#include <utility>

#include "config/reread.h"

namespace pagehaul::source {

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

std::vector<config::Secret*> secrets_of(config::OAuth2& auth) {
    std::vector<config::Secret*> secrets;
    for (auto* const secret :
         {&auth.client_id, &auth.client_secret, &auth.username, &auth.password, &auth.refresh_token})
        if (*secret) secrets.push_back(&**secret);
    for (auto& [name, value] : auth.parameters)
        secrets.push_back(&value);
    if (auth.jwt) secrets.push_back(&auth.jwt->key);
    return secrets;
}

std::vector<config::Secret*> secrets_of(config::Login& auth) {
    std::vector<config::Secret*> secrets;
    for (auto* const values : {&auth.request.headers, &auth.request.parameters, &auth.request.body.texts})
        for (auto& [name, value] : *values)
            secrets.push_back(&value);
    return secrets;
}

std::vector<config::Secret*> secrets_of(config::Signing& signing) {
    std::vector<config::Secret*> secrets;
    if (auto* const aws = std::get_if<config::AwsSigV4>(&signing)) {
        secrets = {&aws->access_key_id, &aws->secret_access_key};
        if (aws->session_token) secrets.push_back(&*aws->session_token);
        return secrets;
    }
    for (config::SigningStep& step : std::get<config::SigningSteps>(signing).steps) {
        if (auto* const text = std::get_if<config::TextStep>(&step)) secrets.push_back(&text->text);
        if (auto* const hmac = std::get_if<config::HmacStep>(&step)) secrets.push_back(&hmac->key);
        if (auto* const send = std::get_if<config::SendStep>(&step)) secrets.push_back(&send->value);
        if (auto* const some = std::get_if<config::ParametersStep>(&step))
            for (auto& [name, value] : some->with)
                secrets.push_back(&value);
    }
    return secrets;
}

bool reread_all(const std::vector<config::Secret*>& secrets, const Reread& reread) {
    bool changed = false;
    for (config::Secret* const secret : secrets) {
        Result<config::Secret> again = reread(*secret);
        if (!again) continue;
        changed = changed || again->value != secret->value;
        *secret = std::move(*again);
    }
    return changed;
}

bool any_rereadable(const std::vector<config::Secret*>& secrets) {
    return std::any_of(secrets.begin(), secrets.end(),
                       [](const config::Secret* secret) { return config::is_rereadable(*secret); });
}

}  // namespace pagehaul::source
