#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"

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
        .key("rate", &Limits::rate, optionally(rate()),
             "Requests a second, minute or hour, evenly paced; of all processes of the pipeline together.")
        .key("burst", &Limits::burst, integer(1, 100'000), "Requests that may leave at once after a pause.")
        .key("concurrency", &Limits::concurrency, word_or("auto", small_integer(1, 1'000, "auto or ")),
             "Requests in flight in each process; auto follows the API's latency, and where one process is "
             "throttled all of them step down.")
        .key("ceiling", &Limits::ceiling, optionally(small_integer(1, 1'000)),
             "The most that auto may have in flight in each process.")
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

// What is not read of a page may be what tells of the next one.
bool check_linked(const Node& node, Reader& reader, Source& source) {
    const Pagination& pagination = source.pagination;
    if (!is_linked(pagination.type)) return true;
    bool good = true;
    for (std::size_t i = 0; i < source.response.rules.size(); ++i) {
        if (source.response.rules[i].then != RuleAction::skip) continue;
        good = reader.refuse_below(
            node, {"response", "rules", std::to_string(i), "then"},
            "expected no skip with source.pagination.type: " + std::string(pagination_name(pagination.type)) +
                ": a page that is left out tells of no next one");
    }
    const bool in_body =
        pagination.link || pagination.more || (pagination.token && pagination.token->pointer);
    if (source.records.format == RecordFormat::ndjson && in_body)
        good = reader.refuse_below(
            node, {"pagination"},
            "expected a next page that is told in a header or in the last record, with "
            "source.records.format: ndjson: lines are records, and nothing is beside them");
    return good;
}

}  // namespace

Object<Source> declare_source() {
    return Object<Source>()
        .required("base_url", &Source::base_url, url(), "The API's URL, to which request.path is appended.")
        .key("auth", &Source::auth, declare_source_auth(), "How requests show who we are.")
        .key("signing", &Source::signing, optionally(declare_signing()),
             "How requests are signed, each time anew and once nothing else of them changes: by steps, or as "
             "AWS "
             "wants it.")
        .required("request", &Source::request, Type<Request>(declare_request()), "What is sent for one page.")
        .key("slices", &Source::slices, declare_slices(),
             "Dimensions; every combination of their values is pulled and proven by itself.")
        .key("pagination", &Source::pagination, Type<Pagination>(declare_pagination()),
             "How pages are asked for.")
        .required("records", &Source::records, declare_records(),
                  "JSON pointer to the list of records in a response, or {at: …, shape: …, empty: […]}.")
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
        .check({"auth", "request", "signing"}, check_signing)
        .check({"limits", "retry", "response"}, check_pauses)
        .check({"pagination", "response", "records"}, check_linked)
        .check({"slices", "response"}, check_split_rules)
        .check({"request", "slices", "pagination"}, check_request_placeholders);
}

}  // namespace pagehaul::config
