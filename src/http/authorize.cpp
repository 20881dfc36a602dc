#include "http/authorize.h"

#include <string>
#include <utility>

#include "core/base64.h"
#include "http/url.h"

namespace pagehaul::http {
std::string basic_credentials(const std::string& name, const std::string& password) {
    return "Basic " + base64(name + ":" + password);
}

Result<void> authorize(Request& request, const config::Auth& auth, std::string_view origin) {
    const auto header = [&](const std::string& name, std::string value) -> Result<void> {
        if (!safe_in_header(name) || !safe_in_header(value)) {
            return fail(ErrorKind::config, std::string(origin), "the credential must not hold CR, LF or NUL");
        }
        request.headers.emplace_back(name, std::move(value));
        return {};
    };
    struct Visitor {
        Request& request;
        const decltype(header)& add_header;

        Result<void> operator()(const config::AuthNone&) const { return {}; }
        Result<void> operator()(const config::AuthHeader& it) const {
            return add_header(it.name, it.value.value);
        }
        Result<void> operator()(const config::AuthBearer& it) const {
            return add_header("Authorization", "Bearer " + it.token.value);
        }
        Result<void> operator()(const config::AuthBasic& it) const {
            return add_header("Authorization", basic_credentials(it.username.value, it.password.value));
        }
        Result<void> operator()(const config::AuthQuery& it) const {
            request.target += request.target.find('?') == std::string::npos ? '?' : '&';
            append_encoded_component(request.target, it.name);
            request.target += '=';
            append_encoded_component(request.target, it.value.value);
            return {};
        }
    };
    return std::visit(Visitor{request, header}, auth);
}

}  // namespace pagehaul::http
