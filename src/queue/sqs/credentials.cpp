#include "queue/sqs/credentials.h"

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

#include "config/redact.h"
#include "core/loopback.h"
#include "http/proxy.h"
#include "http/url.h"

namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrantPatience = 5s;
/// Others are asked for so long before the end, and so long after that could not be done.
constexpr auto kBeforeEnd = 5min;
constexpr auto kAgain = 30s;
/// Those that are refused when they are younger are not to be had better.
constexpr auto kYoung = 10s;
constexpr std::size_t kMaxGrant = 64UL << 10U;
/// Addresses of the agent of EKS Pod Identity.
constexpr const char* kAgent4 = "169.254.170.23";
constexpr const char* kAgent6 = "[fd00:ec2::23]";

tl::unexpected<Error> unusable(const std::string& where, const std::string& why) {
    return fail(ErrorKind::credential, where, why);
}

std::string variable(const Surroundings& around, const std::string& name) {
    return around.variables.environment(name).value_or("");
}

/// Of a file that the variable names, without the line's end.
Result<std::string> token_of(const Surroundings& around, const std::string& name) {
    const std::string file = variable(around, name);
    Result<std::string> token = around.variables.read_file(file, config::kMaxSecretBytes);
    if (!token) return unusable(name, file + ": " + token.error().message);
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r'))
        token->pop_back();
    if (token->empty()) return unusable(name, file + ": expected a token, the file is empty");
    config::process_redactor().add(*token);
    return token;
}

/// "2026-11-09T13:34:41Z", with or without a fraction.
std::optional<WallTime> time_in(const std::string& text) {
    std::tm at{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &at);
    if (end == nullptr || (*end != 'Z' && *end != '.')) return std::nullopt;
    return WallTime::clock::from_time_t(timegm(&at));
}

Result<Granted> granted(const std::string& where, http::AwsCredentials credentials,
                        const std::string& until) {
    config::process_redactor().add(credentials.secret);
    config::process_redactor().add(credentials.token);
    const auto end = time_in(until);
    if (credentials.id.empty() || credentials.secret.empty() || credentials.token.empty() || !end)
        return unusable(where,
                        "the answer holds no credentials: expected a key, its secret, a session's "
                        "token and when they expire");
    return Granted{.credentials = std::move(credentials), .until = end};
}

/// Asks once: whoever needs credentials has the patience.
Result<http::Response> ask(const Surroundings& around, const std::string& where, const http::Url& url,
                           const std::string& proxy, const http::Request& request) {
    const auto transport = http::make_transport(
        {.base_url = url.origin(), .connect_timeout = 30s, .ca_file = {}, .proxy = proxy}, around.clock);
    auto answer = transport->send(request,
                                  {.deadline = Deadline::after(around.clock.now(), kGrantPatience),
                                   .max_body = kMaxGrant,
                                   .reserve = {}},
                                  {});
    if (!answer) return fail(ErrorKind::transient, where, answer.error().message);
    if (answer->status == 429 || answer->status >= 500)
        return fail(ErrorKind::transient, where, "the answer is status " + std::to_string(answer->status));
    return answer;
}

/// What stands between <NAME> and </NAME>; STS uses neither attributes nor escapes for what is read here.
std::string element(std::string_view xml, const std::string& name) {
    const std::string open = "<" + name + ">";
    const std::size_t begin = xml.find(open);
    if (begin == std::string_view::npos) return {};
    xml.remove_prefix(begin + open.size());
    return std::string(xml.substr(0, xml.find('<')));
}

}  // namespace

std::optional<Result<Granted>> from_environment(const Surroundings& around) {
    http::AwsCredentials credentials{.id = variable(around, "AWS_ACCESS_KEY_ID"),
                                     .secret = variable(around, "AWS_SECRET_ACCESS_KEY"),
                                     .token = variable(around, "AWS_SESSION_TOKEN")};
    config::process_redactor().add(credentials.secret);
    config::process_redactor().add(credentials.token);
    if (credentials.id.empty() && credentials.secret.empty()) return std::nullopt;
    if (credentials.id.empty()) return unusable("AWS_ACCESS_KEY_ID", "expected beside AWS_SECRET_ACCESS_KEY");
    if (credentials.secret.empty())
        return unusable("AWS_SECRET_ACCESS_KEY", "expected beside AWS_ACCESS_KEY_ID");
    return Granted{.credentials = std::move(credentials)};
}

std::optional<Result<Granted>> from_web_identity(const Surroundings& around) {
    const std::string role = variable(around, "AWS_ROLE_ARN");
    if (role.empty() || variable(around, "AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return std::nullopt;
    const auto token = token_of(around, "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!token) return tl::unexpected(token.error());
    const std::string own = variable(around, "AWS_ENDPOINT_URL_STS");
    const std::string where = own.empty() ? "sts" : "AWS_ENDPOINT_URL_STS";
    const auto url = http::parse_url(own.empty() ? "https://sts." + around.region + ".amazonaws.com" +
                                                       (around.region.starts_with("cn-") ? ".cn" : "")
                                                 : own);
    if (!url) return unusable(where, url.error().message);
    const auto proxy = http::proxy_for(url->origin(), around.variables.environment);
    if (!proxy) return tl::unexpected(proxy.error());
    std::string session = variable(around, "AWS_ROLE_SESSION_NAME");
    if (session.empty()) session = "pagehaul";
    const auto answer =
        ask(around, where, *url, *proxy,
            {.method = "POST",
             .target = url->path,
             .body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" +
                     http::encode_component(role) + "&RoleSessionName=" + http::encode_component(session) +
                     "&WebIdentityToken=" + http::encode_component(*token),
             .content_type = "application/x-www-form-urlencoded"});
    if (!answer) return tl::unexpected(answer.error());
    const std::string_view xml = answer->body.view();
    if (answer->status != 200)
        return unusable(where, "no session of " + role + ": status " + std::to_string(answer->status) + " " +
                                   element(xml, "Code") + ", " + element(xml, "Message"));
    return granted(where,
                   {.id = element(xml, "AccessKeyId"),
                    .secret = element(xml, "SecretAccessKey"),
                    .token = element(xml, "SessionToken")},
                   element(xml, "Expiration"));
}

std::optional<Result<Granted>> from_container(const Surroundings& around) {
    const std::string where = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    const std::string uri = variable(around, where);
    if (uri.empty()) return std::nullopt;
    const auto url = http::parse_absolute_url(uri);
    if (!url) return unusable(where, url.error().message);
    if (url->scheme != "https" && !is_loopback(url->host) && url->host != kAgent4 && url->host != kAgent6)
        return unusable(where, std::string("expected https://, or a host that is this machine, ") + kAgent4 +
                                   " or " + kAgent6);
    http::Request request{.target = url->path + url->rest.substr(0, url->rest.find('#'))};
    if (!variable(around, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").empty()) {
        auto token = token_of(around, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        if (!token) return tl::unexpected(token.error());
        request.headers.emplace_back("Authorization", *token);
    } else if (const std::string token = variable(around, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
               !token.empty()) {
        config::process_redactor().add(token);
        request.headers.emplace_back("Authorization", token);
    }
    const auto answer = ask(around, where, *url, "", request);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200)
        return unusable(where, "the agent gives no credentials: status " + std::to_string(answer->status));
    const auto json = nlohmann::json::parse(answer->body.view(), nullptr, false);
    const auto text = [&](const char* name) -> std::string {
        if (!json.is_object()) return {};
        const auto found = json.find(name);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    return granted(where,
                   {.id = text("AccessKeyId"), .secret = text("SecretAccessKey"), .token = text("Token")},
                   text("Expiration"));
}

const http::AwsCredentials& CredentialChain::get() {
    const WallTime now = clock_.wall_now();
    if (have_ && (!have_->until || now < ask_at_)) return have_->credentials;
    const Surroundings around{.variables = variables_, .clock = clock_, .region = region_};
    for (const auto source : {from_environment, from_web_identity, from_container}) {
        auto found = source(around);
        if (!found) continue;
        if (!*found) {
            // Those that still hold are better than none.
            const bool hold = have_ && now < *have_->until;
            if (!hold || found->error().kind != ErrorKind::transient) throw Failure(found->error());
            ask_at_ = std::min(now + kAgain, *have_->until);
            return have_->credentials;
        }
        have_ = std::move(**found);
        got_at_ = now;
        if (have_->until) ask_at_ = std::max(*have_->until - kBeforeEnd, now + (*have_->until - now) / 2);
        return have_->credentials;
    }
    throw Failure(ErrorKind::credential, "queue",
                  "no AWS credentials: expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                  "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (IRSA), or "
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI (EKS Pod Identity)");
}

bool CredentialChain::refuse() {
    if (!have_ || !have_->until || clock_.wall_now() < got_at_ + kYoung) return false;
    have_.reset();
    return true;
}

}  // namespace pagehaul::queue::sqs
