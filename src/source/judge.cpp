#include "source/judge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/ascii.h"
#include "http/retry.h"
#include "http/url.h"
#include "log/log.h"
#include "record/numeric_text.h"
#include "source/link_header.h"
#include "source/linking.h"
#include "source/pagination.h"

namespace pagehaul::source {
namespace {

using record::Scalar;

constexpr auto kReplace = nlohmann::json::error_handler_t::replace;

std::optional<std::int64_t> whole_number(const Scalar& scalar) {
    if (scalar.type != Scalar::Type::number && scalar.type != Scalar::Type::string) return {};
    // 5.0 is 5 to an API that knows no whole numbers.
    const record::NumericText told = record::read_numeric(scalar.text);
    std::int64_t number = 0;
    if (!told.valid || !record::to_int64(told, number) || number < 0) return {};
    return number;
}

std::optional<bool> truth(const Scalar& scalar) {
    if (scalar.type != Scalar::Type::boolean && scalar.type != Scalar::Type::number &&
        scalar.type != Scalar::Type::string)
        return {};
    if (scalar.text == "true" || scalar.text == "1") return true;
    if (scalar.text == "false" || scalar.text == "0") return false;
    return {};
}

/// How long a number there asks to wait; longer than a year is a year.
std::optional<config::Millis> told_wait(const Scalar& scalar, config::WaitUnit unit, WallTime now) {
    if (scalar.type != Scalar::Type::number && scalar.type != Scalar::Type::string) return {};
    double number = 0;
    const char* const end = scalar.text.data() + scalar.text.size();
    const auto read = std::from_chars(scalar.text.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end) return {};
    double millis = unit == config::WaitUnit::milliseconds ? number : number * 1000;
    if (unit == config::WaitUnit::epoch)
        millis -=
            static_cast<double>(std::chrono::duration_cast<config::Millis>(now.time_since_epoch()).count());
    constexpr double year = 365.0 * 86'400'000;
    return config::Millis(static_cast<std::int64_t>(std::ceil(std::clamp(millis, 0.0, year))));
}

std::string status_text(const http::Response& response) {
    return "HTTP status " + std::to_string(response.status);
}

}  // namespace

Judge::Judge(const config::Source& source) : source_(source) {
    const config::Pagination& pagination = source.pagination;
    Pointers pointers;
    for (const config::Rule& rule : source.response.rules) {
        Compiled compiled{.rule = rule, .when = source::compiled(rule.when, pointers), .wait = {}};
        if (rule.wait) compiled.wait.emplace(rule.wait->pointer, rule.wait->header, pointers);
        rules_.push_back(std::move(compiled));
    }
    success_ = source::compiled(source.response.success, pointers);
    if (pagination.total && pagination.total->rows)
        total_rows_.emplace(pagination.total->rows->pointer, pagination.total->rows->header, pointers);
    if (pagination.total && pagination.total->pages)
        total_pages_.emplace(pagination.total->pages->pointer, pagination.total->pages->header, pointers);
    if (pagination.more) more_.emplace(pagination.more, std::nullopt, pointers);
    if (const auto& token = pagination.token; token && !token->last)
        next_.emplace(token->pointer, token->header, pointers);
    if (pagination.link) next_.emplace(pagination.link, std::nullopt, pointers);
    format_ = {.records = source.records.at,
               .pointers = pointers.all(),
               .size = pagination.size,
               .most_rows = is_one_request(pagination) ? record::kPositions : most_rows(pagination.size),
               .sized = !is_one_request(pagination) && pagination.size > 0,
               .shape = source.records.shape,
               .format = source.records.format,
               .empty_is_none = source.records.empty.empty_object,
               .keep_last = pagination.token && pagination.token->last};
}

Judgement Judge::judge(const http::Response& response, const Result<record::DecodedPage>& page, WallTime now,
                       std::int64_t no, std::string_view target) const {
    const Answered answered{.response = response, .page = page ? &*page : nullptr};
    for (const Compiled& compiled : rules_) {
        const bool matches = std::all_of(compiled.when.begin(), compiled.when.end(),
                                         [&](const auto& condition) { return condition.holds(answered); });
        if (matches) return act(compiled, answered, now);
    }
    if (response.status < 200 || response.status > 299) return by_status(response, now);
    if (response.status == 204 && source_.records.empty.status_204) return Accept{.nothing = true};
    if (answered.page == nullptr) {
        // A whole document that cannot be read as a page would be the same the next time.
        if (page.error().kind == ErrorKind::data) return Fail{.reason = page.error().message};
        // A proxy's error page may pass.
        return Retry{
            .reason = (response.status == 200 ? "" : status_text(response) + ", ") + page.error().message,
            .unexplained = page.error().kind == ErrorKind::permanent};
    }
    return by_envelope(answered, now, no, target);
}

std::string Judge::end_rule(const http::Response& response, const Result<record::DecodedPage>& page) const {
    std::string of_status = "{when: {status: [" + std::to_string(response.status) + "]}, then: end}";
    if (response.status < 200 || response.status > 299) return of_status;
    if (response.status != 200 && !page) return of_status;
    if (!page) return {};
    const Answered answered{.response = response, .page = &*page};
    const auto failed = std::find_if(success_.begin(), success_.end(),
                                     [&](const auto& condition) { return !condition.holds(answered); });
    if (failed == success_.end() || !failed->place() || failed->place()->is_header()) return {};
    const Scalar scalar = failed->place()->look(answered);
    if (scalar.text.size() > shown_text) return {};
    const bool text = scalar.type == Scalar::Type::string;
    if (!text && scalar.type != Scalar::Type::number && scalar.type != Scalar::Type::boolean) return {};
    return "{when: {pointer: " + failed->place()->name() + ", in: [" +
           (text ? nlohmann::json(scalar.text).dump(-1, ' ', false, kReplace) : scalar.text) +
           "]}, then: end}";
}

std::optional<config::Millis> Judge::pause(const Compiled& compiled, const Answered& answered,
                                           WallTime now) const {
    if (compiled.wait) {
        if (const auto told = told_wait(compiled.wait->look(answered), compiled.rule.wait->as, now))
            return told;
    }
    if (const auto told = http::parse_retry_after(answered.response.header("retry-after"), now)) return told;
    return compiled.rule.pause;
}

Judgement Judge::act(const Compiled& compiled, const Answered& answered, WallTime now) const {
    std::string reason = status_text(answered.response);
    for (const Condition& condition : compiled.when) {
        const std::string seen = condition.seen(answered);
        if (!seen.empty()) reason += ", " + seen;
    }
    switch (compiled.rule.then) {
        case config::RuleAction::retry:
            return Retry{.reason = reason + " (rule: retry)",
                         .pause = http::parse_retry_after(answered.response.header("retry-after"), now)};
        case config::RuleAction::throttle:
            return Throttle{.reason = reason + " (rule: throttle)",
                            .pause = pause(compiled, answered, now),
                            .scope = compiled.rule.scope};
        case config::RuleAction::refresh_credential:
            return RefuseCredential{.reason = reason + " (rule: refresh_credential)"};
        case config::RuleAction::skip:
            return Skip{.reason = reason + " (rule: skip)"};
        case config::RuleAction::split:
            return Split{.reason = reason + " (rule: split)"};
        case config::RuleAction::end:
            return End{.reason = reason + " (rule: end)"};
        case config::RuleAction::fail:
            break;
    }
    return Fail{.reason = reason + " (rule: fail)"};
}

Judgement Judge::by_status(const http::Response& response, WallTime now) const {
    const int status = response.status;
    const std::string reason = status_text(response);
    const std::optional<config::Millis> retry_after =
        http::parse_retry_after(response.header("retry-after"), now);
    // A 403 that tells when to come back refuses no credential: some APIs say so that their quota is used up.
    if (status == 429 || (status == 403 && retry_after))
        return Throttle{.reason = reason, .pause = retry_after};
    if (status == 408 || status == 425 || (status >= 500 && status <= 599)) {
        return Retry{.reason = reason, .pause = retry_after};
    }
    if (status == 401 || status == 403) return RefuseCredential{.reason = reason};
    if (status >= 300 && status <= 399) return Fail{.reason = redirect_reason(response)};
    return Fail{.reason = reason};
}

/// Redirects are judged, never followed: credentials belong to one origin. The query of a Location may hold a
/// secret, so it is not shown.
std::string Judge::redirect_reason(const http::Response& response) const {
    std::string reason = status_text(response);
    const std::string_view location = response.header("location");
    if (location.empty()) return reason + " without a Location";
    const Result<http::Url> base = http::parse_url(source_.base_url);
    const Result<http::Url> target = http::parse_absolute_url(location);
    if (!target) {
        if (!location.starts_with('/') || location.starts_with("//")) {
            return reason + ", a redirect to a Location that is no http URL; redirects are not followed";
        }
        return reason + ", a redirect to " +
               log::excerpt(location.substr(0, location.find_first_of("?#")), shown_text) +
               " at the same origin; set source.request.path to it";
    }
    const bool same = base && http::same_origin(*base, *target);
    return reason + ", a redirect to " + target->origin() + log::excerpt(target->path, shown_text) + " at " +
           (same ? "the same" : "another") + " origin; redirects are not followed" +
           (same ? "" : ": credentials go to source.base_url only");
}

Judgement Judge::otherwise(std::string reason, const std::optional<config::Millis>& retry_after) const {
    const std::optional<config::Otherwise>& said = source_.response.otherwise;
    if (said == config::Otherwise::fail) return Fail{.reason = std::move(reason)};
    return Retry{
        .reason = std::move(reason),
        .pause = retry_after,
        .unexplained = !said,
        .hint = "a rule in source.response.rules, or source.response.otherwise, may say what it means"};
}

bool Judge::may_be_nothing(const record::InsteadOfRecords& instead, const Accept& told) const {
    const config::Nothing& empty = source_.records.empty;
    // Where nothing is told that speaks against it null says by itself that there are none.
    const bool none_told = (!total_rows_ && !total_pages_) || told.total_rows == 0 || told.total_pages == 0;
    if (!instead.other.empty()) return false;
    return (!instead.null || empty.null || none_told) && (!instead.absent || empty.absent) &&
           (!instead.empty_object || empty.empty_object);
}

Fail Judge::without_records(const record::InsteadOfRecords& instead) const {
    const config::Records& records = source_.records;
    const std::string wanted = records.shape == config::RecordShape::list ? "array" : "object";
    const std::string reason = "source.records: the response has no " + wanted + " at \"" + records.at + "\"";
    if (!instead.other.empty())
        return Fail{.reason = reason + " but " + instead.other +
                              (instead.other == "an object" || instead.other == "an array"
                                   ? ": source.records.shape may be another"
                                   : "")};
    const char* const word = instead.null ? "null" : instead.empty_object ? "{}" : "absent";
    return Fail{.reason = reason + ", it is " + (instead.empty_object ? "an empty object" : word) +
                          "; if that means that there is nothing, write " + word +
                          " into source.records.empty"};
}

Judgement Judge::by_envelope(const Answered& answered, WallTime now, std::int64_t no,
                             std::string_view target) const {
    const record::DecodedPage& page = *answered.page;
    for (const Condition& condition : success_) {
        if (condition.holds(answered)) continue;
        return otherwise(
            "source.response.success: " + condition.seen(answered) + ", expected " + condition.wanted(),
            http::parse_retry_after(answered.response.header("retry-after"), now));
    }
    // Only its framing shows that the last line is the last.
    if (source_.records.format == config::RecordFormat::ndjson &&
        answered.response.header("content-length").empty() &&
        answered.response.header("transfer-encoding").empty())
        return Fail{.reason =
                        "source.records.format: the answer neither tells its length nor comes in chunks, so "
                        "lines may be missing at its end unseen"};
    Accept accept;
    struct Told {
        const std::optional<Place>& place;
        const char* name;
        std::optional<std::int64_t>& into;
    };
    const std::array<Told, 2> totals{Told{total_rows_, "rows", accept.total_rows},
                                     Told{total_pages_, "pages", accept.total_pages}};
    for (const Told& told : totals)
        if (told.place) told.into = whole_number(told.place->look(answered));

    record::InsteadOfRecords instead = page.instead;
    if (!page.has_records && !instead.any()) instead.absent = true;
    if (instead.any() && !may_be_nothing(instead, accept)) return without_records(instead);
    accept.nothing = !page.has_records;

    for (const Told& told : totals) {
        const bool may_lack =
            accept.nothing || (no > 1 && source_.pagination.total &&
                               source_.pagination.total->told_on == config::TotalScope::first_page);
        if (!told.place || told.into || may_lack) continue;
        return Fail{.reason = std::string("source.pagination.total.") + told.name + ": " +
                              told.place->name() + " is " + shown(told.place->look(answered)) +
                              ", expected a whole number"};
    }
    if (more_) {
        accept.more = truth(more_->look(answered));
        if (!accept.more && !accept.nothing)
            return Fail{.reason = "source.pagination.more: " + more_->name() + " is " +
                                  shown(more_->look(answered)) + ", expected true or false"};
    }
    auto told = next(answered, accept.more, target);
    if (!told) return Fail{.reason = told.error().text()};
    accept.next = std::move(*told);
    return accept;
}

Result<std::optional<std::string>> Judge::next(const Answered& answered, const std::optional<bool>& more,
                                               std::string_view target) const {
    const config::Pagination& pagination = source_.pagination;
    if (!config::is_linked(pagination.type) || more == false) return std::nullopt;
    const Scalar told = told_next(answered);
    auto token = token_of(told);
    if (!token) return token;
    if (!*token && more)
        return fail(ErrorKind::data, "source.pagination.more",
                    "a next page is told, and what leads to it is " + shown(told));
    if (!*token || !config::is_by_link(pagination.type)) return token;
    auto link = link_token(source_, target, **token);
    if (!link) return tl::unexpected(link.error());
    return std::optional(std::move(*link));
}

Scalar Judge::told_next(const Answered& answered) const {
    if (next_) return next_->look(answered);
    const std::optional<config::Token>& token = source_.pagination.token;
    if (token && token->last) {
        const std::string& record = answered.page->last_record;
        if (record.empty()) return {};
        // Only a page without records is the end: a record that lacks the token would hide what is behind it.
        Scalar told = scalar_at(record, *token->last);
        if (told.type == Scalar::Type::null || told.type == Scalar::Type::missing)
            told.type = Scalar::Type::container;
        return told;
    }
    std::string links;
    for (const auto& [name, value] : answered.response.headers)
        if (name == "link") links += (links.empty() ? "" : ", ") + value;
    return {.type = Scalar::Type::string, .text = next_of_link_header(links).value_or("")};
}

}  // namespace pagehaul::source
