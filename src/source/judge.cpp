#include "source/judge.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "http/retry.h"
#include "http/url.h"

namespace pagehaul::source {
namespace {

using record::Scalar;

constexpr std::size_t kShownText = 200;
constexpr auto kReplace = nlohmann::json::error_handler_t::replace;

std::string shown(const Scalar& scalar) {
    switch (scalar.type) {
        case Scalar::Type::missing:
            return "missing";
        case Scalar::Type::null:
            return "null";
        case Scalar::Type::boolean:
            return scalar.text;
        case Scalar::Type::number:
            return "the number " + scalar.text.substr(0, kShownText);
        case Scalar::Type::string:
            return "the string \"" + scalar.text.substr(0, kShownText) + "\"";
        case Scalar::Type::container:
            return "an object or array";
    }
    return "unknown";
}

std::string shown(const config::SliceValue& value) {
    return value.is_number ? "the number " + value.text : "\"" + value.text + "\"";
}

bool equal(const Scalar& scalar, const config::SliceValue& operand) {
    if (operand.is_number) {
        if (scalar.type != Scalar::Type::number) return false;
        if (scalar.text == operand.text) return true;
        // 0, 0.0 and 0e0 are one number. Long double holds every 64-bit code exactly.
        return std::strtold(scalar.text.c_str(), nullptr) == std::strtold(operand.text.c_str(), nullptr);
    }
    const bool comparable = scalar.type == Scalar::Type::string || scalar.type == Scalar::Type::boolean;
    return comparable && scalar.text == operand.text;
}

std::optional<std::int64_t> whole_number(const Scalar& scalar) {
    if (scalar.type != Scalar::Type::number && scalar.type != Scalar::Type::string) return {};
    std::int64_t number = 0;
    const char* const end = scalar.text.data() + scalar.text.size();
    const auto [behind, error] = std::from_chars(scalar.text.data(), end, number);
    if (error != std::errc{} || behind != end || number < 0) return {};
    return number;
}

std::string status_text(const http::Response& response) {
    return "HTTP status " + std::to_string(response.status);
}

}  // namespace

Judge::Judge(const config::Source& source) : source_(source) {
    format_.records = source.records;
    for (const config::Rule& rule : source.response.rules) {
        Compiled compiled{.rule = rule, .pointer = {}};
        if (rule.pointer) compiled.pointer = pointer_index(*rule.pointer);
        rules_.push_back(std::move(compiled));
    }
    if (source.response.success) success_ = pointer_index(source.response.success->pointer);
    if (source.pagination.total && source.pagination.total->rows) {
        total_rows_ = pointer_index(*source.pagination.total->rows);
    }
    if (source.pagination.total && source.pagination.total->pages) {
        total_pages_ = pointer_index(*source.pagination.total->pages);
    }
}

std::size_t Judge::pointer_index(const std::string& pointer) {
    const auto found = std::find(format_.pointers.begin(), format_.pointers.end(), pointer);
    if (found != format_.pointers.end()) {
        return static_cast<std::size_t>(found - format_.pointers.begin());
    }
    format_.pointers.push_back(pointer);
    return format_.pointers.size() - 1;
}

Judgement Judge::judge(const http::Response& response, const Result<record::DecodedPage>& page, WallTime now,
                       std::int64_t no) const {
    const record::DecodedPage* const envelope = page ? &*page : nullptr;
    for (const Compiled& compiled : rules_) {
        const config::Rule& rule = compiled.rule;
        if (!rule.status.empty() &&
            std::find(rule.status.begin(), rule.status.end(), response.status) == rule.status.end()) {
            continue;
        }
        if (compiled.pointer) {
            if (envelope == nullptr) continue;
            const Scalar& scalar = envelope->envelope.at(*compiled.pointer);
            const bool in = std::any_of(rule.in.begin(), rule.in.end(),
                                        [&](const auto& operand) { return equal(scalar, operand); });
            const bool contains = rule.contains && scalar.type == Scalar::Type::string &&
                                  scalar.text.find(*rule.contains) != std::string::npos;
            if (!in && !contains) continue;
        }
        return act(compiled, response, envelope, now);
    }
    if (response.status < 200 || response.status > 299) return by_status(response, now);
    if (envelope == nullptr) {
        // A whole document that cannot be read as a page would be the same the next time.
        if (page.error().kind == ErrorKind::data) return Fail{.reason = page.error().message};
        return Retry{.reason = "the body cannot be read: " + page.error().message};
    }
    return by_envelope(response, *envelope, now, no);
}

std::string Judge::end_rule(const http::Response& response, const Result<record::DecodedPage>& page) const {
    if (response.status < 200 || response.status > 299)
        return "{when: {status: [" + std::to_string(response.status) + "]}, then: end}";
    if (!success_ || !page) return {};
    const Scalar& scalar = page->envelope.at(*success_);
    if (scalar.text.size() > kShownText || equal(scalar, source_.response.success->equals)) return {};
    const bool text = scalar.type == Scalar::Type::string;
    if (!text && scalar.type != Scalar::Type::number && scalar.type != Scalar::Type::boolean) return {};
    return "{when: {pointer: " + source_.response.success->pointer + ", in: [" +
           (text ? nlohmann::json(scalar.text).dump(-1, ' ', false, kReplace) : scalar.text) +
           "]}, then: end}";
}

Judgement Judge::act(const Compiled& compiled, const http::Response& response,
                     const record::DecodedPage* page, WallTime now) const {
    std::string reason = status_text(response);
    if (compiled.pointer && page != nullptr) {
        reason += ", " + *compiled.rule.pointer + " is " + shown(page->envelope.at(*compiled.pointer));
    }
    const std::optional<config::Millis> retry_after =
        http::parse_retry_after(response.header("retry-after"), now);
    switch (compiled.rule.then) {
        case config::RuleAction::retry:
            return Retry{.reason = reason + " (rule: retry)", .pause = retry_after};
        case config::RuleAction::throttle:
            return Throttle{.reason = reason + " (rule: throttle)",
                            .pause = retry_after ? retry_after : compiled.rule.pause};
        case config::RuleAction::refresh_credential:
            return RefuseCredential{.reason = reason + " (rule: refresh_credential)"};
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
    if (status == 429) return Throttle{.reason = reason, .pause = retry_after};
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
               std::string(location.substr(0, std::min(location.find_first_of("?#"), kShownText))) +
               " at the same origin; set source.request.path to it";
    }
    const bool same = base && http::same_origin(*base, *target);
    return reason + ", a redirect to " + target->origin() + target->path.substr(0, kShownText) + " at " +
           (same ? "the same" : "another") + " origin; redirects are not followed" +
           (same ? "" : ": credentials go to source.base_url only");
}

Judgement Judge::otherwise(std::string reason, const std::optional<config::Millis>& retry_after) const {
    const std::optional<config::Otherwise>& said = source_.response.otherwise;
    if (said == config::Otherwise::fail) return Fail{.reason = std::move(reason)};
    return Retry{.reason = std::move(reason), .pause = retry_after, .unexplained = !said};
}

Judgement Judge::by_envelope(const http::Response& response, const record::DecodedPage& page, WallTime now,
                             std::int64_t no) const {
    if (success_) {
        const config::Success& success = *source_.response.success;
        const Scalar& scalar = page.envelope.at(*success_);
        if (!equal(scalar, success.equals)) {
            return otherwise("source.response.success: " + success.pointer + " is " + shown(scalar) +
                                 ", expected " + shown(success.equals),
                             http::parse_retry_after(response.header("retry-after"), now));
        }
    }
    if (!page.has_records) {
        return Fail{.reason = "source.records: the response has no array at \"" + source_.records + "\""};
    }
    Accept accept;
    struct Told {
        const std::optional<std::size_t>& index;
        const char* name;
        std::optional<std::int64_t>& into;
    };
    for (const Told& told :
         {Told{total_rows_, "rows", accept.total_rows}, Told{total_pages_, "pages", accept.total_pages}}) {
        if (!told.index) continue;
        const Scalar& scalar = page.envelope.at(*told.index);
        told.into = whole_number(scalar);
        const bool may_lack = no > 1 && source_.pagination.total->told_on == config::TotalScope::first_page;
        if (!told.into && !may_lack) {
            return Fail{.reason = std::string("source.pagination.total.") + told.name + ": " +
                                  format_.pointers[*told.index] + " is " + shown(scalar) +
                                  ", expected a whole number"};
        }
    }
    return accept;
}

}  // namespace pagehaul::source
