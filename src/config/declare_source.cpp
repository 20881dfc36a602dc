#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"
#include "config/yaml/union.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

bool check_limits(const Node& node, Reader& reader, Limits& limits) {
    if (limits.concurrency && limits.ceiling) {
        return reader.refuse_member(node, "ceiling",
                                    "expected no ceiling beside a fixed concurrency: it bounds auto");
    }
    return true;
}

Object<Limits> declare_limits() {
    return Object<Limits>()
        .key("rate", &Limits::rate, optionally(rate()), "Requests a second, minute or hour, evenly paced.")
        .key("burst", &Limits::burst, integer(1, 100'000), "Requests that may leave at once after a pause.")
        .key("concurrency", &Limits::concurrency, word_or("auto", small_integer(1, 1'000, "auto or ")),
             "Requests in flight; auto follows the API's latency.")
        .key("ceiling", &Limits::ceiling, optionally(small_integer(1, 1'000)),
             "The most that auto may have in flight.")
        .key("body", &Limits::body_bytes, size(1LL << 10, 1LL << 30), "The largest response body, decoded.")
        .key("max_pause", &Limits::max_pause, duration(1ms, 24h),
             "The longest pause before a next try, whatever the API asks for. One that asks for more, or "
             "throttles without end, counts as down, for run.patience.")
        .check({"concurrency", "ceiling"}, check_limits);
}

bool check_retry(const Node& node, Reader& reader, Retry& retry) {
    if (retry.base <= retry.max) return true;
    return reader.refuse_member(node, "max",
                                "expected at least source.retry.base (" + write_duration(retry.base) + ")");
}

Object<Retry> declare_retry() {
    return Object<Retry>()
        .key("attempts", &Retry::attempts, small_integer(1, 100),
             "How often one page is tried; throttling does not count.")
        .key("base", &Retry::base, duration(1ms, 1h),
             "The first back-off; it doubles with each attempt, with full jitter.")
        .key("max", &Retry::max, duration(1ms, 24h), "The longest back-off.")
        .check({"base", "max"}, check_retry);
}

bool check_timeout(const Node& node, Reader& reader, Timeout& timeout) {
    bool good = true;
    if (timeout.connect > timeout.request) {
        good = reader.refuse_member(
            node, "request",
            "expected at least source.timeout.connect (" + write_duration(timeout.connect) + ")");
    }
    if (timeout.request > timeout.job) {
        good = reader.refuse_member(
            node, "job",
            "expected at least source.timeout.request (" + write_duration(timeout.request) + ")");
    }
    return good;
}

Object<Timeout> declare_timeout() {
    return Object<Timeout>()
        .key("connect", &Timeout::connect, duration(1ms, 10min), "Until the connection stands.")
        .key("request", &Timeout::request, duration(1ms, 1h), "Until one response is whole.")
        .key("job", &Timeout::job, duration(1ms, 24h), "For one page in all, its waits included.")
        .check({"connect", "request", "job"}, check_timeout);
}

Object<Drift> declare_drift() {
    return Object<Drift>()
        .key("passes", &Drift::passes, small_integer(1, 100),
             "How often a slice is pulled before an API that moves meanwhile fails it.")
        .later("proof");
}

// The auth's own header or query parameter must not stand in the request too.
bool check_auth_conflict(const Node& node, Reader& reader, Source& source) {
    std::string header;
    std::string parameter;
    if (const auto* auth = std::get_if<AuthHeader>(&source.auth)) header = lower(auth->name);
    if (const auto* auth = std::get_if<AuthQuery>(&source.auth)) parameter = auth->name;
    if (std::holds_alternative<AuthBearer>(source.auth) || std::holds_alternative<AuthBasic>(source.auth)) {
        header = "authorization";
    }
    bool good = true;
    for (const auto& [name, value] : source.request.headers) {
        if (lower(name) == header) {
            good =
                reader.refuse_below(node, {"request", "headers", name}, "this header is set by source.auth");
        }
    }
    for (const auto& [name, value] : source.request.query) {
        if (!parameter.empty() && name == parameter) {
            good =
                reader.refuse_below(node, {"request", "query", name}, "this parameter is set by source.auth");
        }
    }
    return good;
}

// A pause that is written and could never be as long would be a lie.
bool check_pauses(const Node& node, Reader& reader, Source& source) {
    const std::string expected =
        "expected at most source.limits.max_pause (" + write_duration(source.limits.max_pause) + ")";
    bool good = true;
    const Node* const retry = node.get("retry");
    if (retry != nullptr && retry->get("max") != nullptr && source.retry.max > source.limits.max_pause)
        good = reader.refuse_below(node, {"retry", "max"}, expected);
    for (std::size_t i = 0; i < source.response.rules.size(); ++i) {
        if (source.response.rules[i].pause.value_or(Millis{0}) <= source.limits.max_pause) continue;
        good = reader.refuse_below(node, {"response", "rules", std::to_string(i), "pause"}, expected);
    }
    return good;
}

bool register_basic_credentials(const Node&, Reader& reader, AuthBasic& auth) {
    reader.add_secret(auth.username.value + ":" + auth.password.value);
    return true;
}

}  // namespace

Type<Auth> declare_auth() {
    const auto header_name =
        ruled_text("a header's name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", header_name_fault);
    const auto parameter = ruled_text("a query parameter's name", "^.+$",
                                      [](std::string_view name) -> std::optional<std::string> {
                                          if (!name.empty()) return std::nullopt;
                                          return "";
                                      });
    return Union<Auth>("type")
        .choice("none", Object<AuthNone>())
        .choice("header", Object<AuthHeader>()
                              .required("name", &AuthHeader::name, header_name, "The header's name.")
                              .required("value", &AuthHeader::value, secret(), "The header's value."))
        .choice("bearer", Object<AuthBearer>().required("token", &AuthBearer::token, secret(),
                                                        "Sent as Authorization: Bearer TOKEN."))
        .choice("basic", Object<AuthBasic>()
                             .required("username", &AuthBasic::username, user_name(), "The user's name.")
                             .required("password", &AuthBasic::password, secret(), "The user's password.")
                             .check({"username", "password"}, register_basic_credentials))
        .choice("query", Object<AuthQuery>()
                             .required("name", &AuthQuery::name, parameter, "The query parameter's name.")
                             .required("value", &AuthQuery::value, secret(), "The query parameter's value."))
        .later("oauth2")
        .later("signed");
}

Object<Source> declare_source() {
    return Object<Source>()
        .required("base_url", &Source::base_url, url(), "The API's URL, to which request.path is appended.")
        .key("auth", &Source::auth, declare_auth(), "How requests show who we are.")
        .required("request", &Source::request, Type<Request>(declare_request()), "What is sent for one page.")
        .key("slices", &Source::slices, declare_slices(),
             "Dimensions; every combination of their values is pulled and proven by itself.")
        .key("pagination", &Source::pagination, Type<Pagination>(declare_pagination()),
             "How pages are asked for.")
        .required("records", &Source::records, json_pointer("where the list of records is"),
                  "JSON pointer to the list of records in a response.")
        .key("response", &Source::response, Type<ResponseRules>(declare_response()),
             "How responses are judged.")
        .key("limits", &Source::limits, Type<Limits>(declare_limits()),
             "Bounds on the load that the API gets.")
        .key("retry", &Source::retry, Type<Retry>(declare_retry()), "Back-off after transient failures.")
        .key("timeout", &Source::timeout, Type<Timeout>(declare_timeout()), "Time limits.")
        .key("drift", &Source::drift, Type<Drift>(declare_drift()),
             "What to do when the API moves while it is read.")
        .later("incremental")
        .later("cursor")
        .later("proof")
        .check({"auth", "request"}, check_auth_conflict)
        .check({"limits", "retry", "response"}, check_pauses)
        .check({"request", "slices", "pagination"}, check_request_placeholders);
}

}  // namespace pagehaul::config
