#include "queue/sqs/answer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "http/retry.h"

namespace pagehaul::queue::sqs {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxMessage = 300;
/// AWS takes signatures that are 15 minutes old; a difference that matters is well above a slow answer's.
constexpr auto kSkew = 2min;

template <std::size_t size>
bool is_one_of(std::string_view code, const std::array<std::string_view, size>& codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Names of exceptions, "Common error types" and each operation's own in the SQS API reference.
constexpr std::array<std::string_view, 9> kPasses = {
    "Throttling",      "ThrottlingException", "RequestThrottled", "TooManyRequests", "ServiceUnavailable",
    "InternalFailure", "KmsThrottled",        "OverLimit",        "RequestTimeout"};
constexpr std::array<std::string_view, 19> kCredential = {"AccessDenied",
                                                          "AccessDeniedException",
                                                          "InvalidClientTokenId",
                                                          "UnrecognizedClientException",
                                                          "ExpiredToken",
                                                          "ExpiredTokenException",
                                                          "InvalidSignatureException",
                                                          "SignatureDoesNotMatch",
                                                          "IncompleteSignature",
                                                          "IncompleteSignatureException",
                                                          "MissingAuthenticationToken",
                                                          "MissingAuthenticationTokenException",
                                                          "NotAuthorized",
                                                          "OptInRequired",
                                                          "RequestExpired",
                                                          "InvalidSecurity",
                                                          "KmsAccessDenied",
                                                          "InvalidAccessKeyId",
                                                          "RequestTimeTooSkewed"};
constexpr std::array<std::string_view, 5> kOfTime = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                                     "RequestExpired", "RequestTimeTooSkewed",
                                                     "InvalidClientTokenId"};
constexpr std::array<std::string_view, 3> kMissing = {
    "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NonExistentQueue"};

/// "com.amazonaws.sqs#QueueDoesNotExist", "QueueDoesNotExist:http://…" is QueueDoesNotExist.
std::string bare(std::string code) {
    code.erase(0, code.find('#') + 1);
    code.resize(std::min(code.find(':'), code.size()));
    return code;
}

/// What the server says, without what AWS puts on further lines: the canonical request, with the token in it.
std::string message_in(const nlohmann::json& json) {
    std::string said = text_in(json, "message");
    if (said.empty()) said = text_in(json, "Message");
    said.resize(std::min({said.find('\n'), said.size(), kMaxMessage}));
    return said;
}

/// How far this machine's clock is from the server's, where that is far.
std::string skew_in(const http::Response& response, WallTime now) {
    const auto theirs = http::parse_retry_after(response.header("date"), WallTime{});
    if (!theirs) return {};
    const auto apart =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch() - *theirs).count();
    if (std::abs(apart) < std::chrono::seconds(kSkew).count()) return {};
    return "; this machine's clock is " + std::to_string(std::abs(apart)) + " s " +
           (apart < 0 ? "behind" : "before") + " the server's, and a signature holds for a few minutes";
}

const nlohmann::json* find(const nlohmann::json& json, const char* name) {
    if (!json.is_object()) return nullptr;
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
}

}  // namespace

std::string text_in(const nlohmann::json& json, const char* name) {
    const nlohmann::json* found = find(json, name);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

const nlohmann::json& list_in(const nlohmann::json& json, const char* name) {
    static const nlohmann::json none = nlohmann::json::array();
    const nlohmann::json* found = find(json, name);
    return found != nullptr && found->is_array() ? *found : none;
}

Result<nlohmann::json> read_answer(const http::Response& response, WallTime now) {
    auto json = nlohmann::json::parse(response.body.view(), nullptr, false);
    if (response.status == 200 && json.is_object()) return json;

    std::string code = bare(text_in(json, "__type"));
    if (code.empty()) code = bare(std::string(response.header("x-amzn-errortype")));
    const std::string said = "the server says " + std::to_string(response.status) + " " + code +
                             (message_in(json).empty() ? "" : ", " + message_in(json));
    const auto told = [&](ErrorKind kind, const std::string& more = "") {
        return fail(kind, "queue.url", said + more);
    };
    if (is_one_of(code, kMissing)) return told(ErrorKind::config);
    if (is_one_of(code, kPasses) || response.status == 429 || response.status >= 500)
        return told(ErrorKind::transient);
    if (is_one_of(code, kCredential) || response.status == 401 || response.status == 403)
        return told(ErrorKind::credential, is_one_of(code, kOfTime) ? skew_in(response, now) : "");
    if (response.status == 200) return fail(ErrorKind::transient, "queue.url", "the answer is not whole");
    return told(ErrorKind::config, code.empty() ? ": expected a server that speaks SQS's JSON protocol" : "");
}

}  // namespace pagehaul::queue::sqs
