#include <utility>

#include <nlohmann/json.hpp>

#include "http/url.h"
#include "source/signing/json_members.h"
#include "source/signing/steps.h"

namespace pagehaul::source {
namespace {

std::string json_string(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_pair(std::string& out, const std::string& name, const std::string& value) {
    http::append_encoded_component(out, name);
    out += '=';
    http::append_encoded_component(out, value);
}

Result<void> put_in_body(const std::string& name, const std::string& json, std::string& body) {
    if (!body.starts_with('{') || !body.ends_with('}'))
        return fail(ErrorKind::config, "source.signing",
                    "the request has no JSON object as its body for " + name + " to be put into");
    body.pop_back();
    if (body.size() > 1) body += ',';
    body += json_string(name) + ":" + json + "}";
    return {};
}

bool is_number(const std::string& text) {
    return nlohmann::json::parse(text, nullptr, false).is_number();
}

}  // namespace

Result<void> take(const config::SendStep& step, Draft& draft) {
    const auto value = filled(step.value.value, draft);
    if (!value) return tl::unexpected(value.error());
    http::Request& request = draft.request;
    if (step.header) {
        if (!http::safe_in_header(*value))
            return fail(ErrorKind::config, "source.signing",
                        "the header " + *step.header + " must not hold CR, LF or NUL");
        request.headers.emplace_back(*step.header, *value);
    } else if (step.query) {
        request.target += request.target.find('?') == std::string::npos ? '?' : '&';
        append_pair(request.target, *step.query, *value);
    } else if (step.form) {
        if (!request.body.empty()) request.body += '&';
        append_pair(request.body, *step.form, *value);
    } else {
        if (step.number && !is_number(*value))
            return fail(ErrorKind::config, "source.signing",
                        "what is sent as " + *step.body + " is no JSON number");
        return put_in_body(*step.body, step.number ? *value : json_string(*value), request.body);
    }
    return {};
}

}  // namespace pagehaul::source
