#include "token_server.h"

#include <optional>

#include "credentials.h"
#include "json_scan.h"

namespace mockapi {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

Parameters parameters_of(const HttpRequest& request) {
    Parameters out;
    if (request.header("content-type") == "application/json") {
        for (const auto& scalar : scan_json(request.body).value_or(std::vector<JsonScalar>{}))
            out[scalar.pointer.substr(1)] = scalar.text;
    } else {
        for (const auto& [name, value] : form_of(request.body))
            out[name] = value;
    }
    return out;
}

std::string_view value_of(const Parameters& parameters, std::string_view name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

/// Where it shows the client's credential: "basic", "body", or nothing where it is not the right one.
std::optional<std::string> client_in(const Options& options, const HttpRequest& request,
                                     const Parameters& parameters) {
    const auto basic = request.header("authorization");
    if (!basic.empty()) {
        if (basic == "Basic " + base64(options.oauth_client)) return "basic";
        return std::nullopt;
    }
    const std::string shown = std::string(value_of(parameters, "client_id")) + ":" +
                              std::string(value_of(parameters, "client_secret"));
    if (shown == options.oauth_client) return "body";
    return std::nullopt;
}

Reply error(int status, std::string_view name) {
    std::string text = R"({"error":)";
    put_json(text, name);
    return answer(status, text + R"(,"error_description":"the mock API says so"})");
}

}  // namespace

Reply TokenServer::grant(const Options& options, Time now, bool with_refresh) {
    const std::string number = std::to_string(++granted_);
    const std::string access = "access-hunter2-" + number;
    const auto until = options.token_lifetime.count() > 0 ? now + options.token_lifetime : Time::max();
    access_[access] = until;
    std::string text = R"({"token_type":"Bearer","access_token":")" + access + "\"";
    if (options.token_lifetime.count() > 0) {
        const auto seconds = std::chrono::duration<double>(options.token_lifetime).count();
        text += R"(,"expires_in":)" + std::to_string(seconds);
    }
    if (with_refresh) text += R"(,"refresh_token":")" + refresh_ + "\"";
    return answer(200, text + "}");
}

Reply TokenServer::token(const Options& options, const HttpRequest& request, Time now) {
    const auto parameters = parameters_of(request);
    if (refresh_of_ != options.refresh_token) refresh_ = refresh_of_ = options.refresh_token;
    const std::string kind(value_of(parameters, "grant_type"));
    const auto client = client_in(options, request, parameters);
    Reply reply;
    std::string wrong;
    if (options.token_status != 0) {
        reply = answer(options.token_status, "{}");
    } else if (!client) {
        wrong = "invalid_client";
    } else if (kind == "client_credentials") {
        reply = grant(options, now, false);
    } else if (kind == "password") {
        const std::string user = std::string(value_of(parameters, "username")) + ":" +
                                 std::string(value_of(parameters, "password"));
        if (user == options.oauth_user)
            reply = grant(options, now, false);
        else
            wrong = "invalid_grant";
    } else if (kind == "refresh_token") {
        const auto shown = value_of(parameters, "refresh_token");
        const bool in_grace = !older_.empty() && shown == older_ && older_uses_ > 0;
        if (in_grace) --older_uses_;
        if (shown != refresh_ && !in_grace) {
            wrong = "invalid_grant";
        } else {
            if (options.rotate) {
                // Each use ends both tokens of before.
                revoke();
                if (!in_grace) {
                    older_ = refresh_;
                    older_uses_ = options.rotate_grace;
                }
                refresh_ = "refresh-hunter2-" + std::to_string(granted_ + 1);
            }
            reply = grant(options, now, options.rotate);
        }
    } else {
        wrong = "unsupported_grant_type";
    }
    if (!wrong.empty()) reply = error(wrong == "invalid_client" ? 401 : 400, wrong);
    reply.delay = options.token_latency;

    log_ += log_.empty() ? "{" : ",{";
    log_ += R"("grant":)";
    put_json(log_, kind);
    log_ += R"(,"status":)" + std::to_string(reply.status) + R"(,"error":)";
    put_json(log_, wrong);
    log_ += R"(,"client_in":)";
    put_json(log_, client.value_or(""));
    log_ += R"(,"parameters":[)";
    bool first = true;
    for (const auto& [name, value] : parameters) {
        log_ += first ? "" : ",";
        first = false;
        put_json(log_, name);
    }
    log_ += "]}";
    return reply;
}

bool TokenServer::holds(std::string_view access, Time now) const {
    const auto found = access_.find(access);
    return found != access_.end() && now < found->second;
}

}  // namespace mockapi
