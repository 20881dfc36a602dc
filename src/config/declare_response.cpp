#include <algorithm>

#include "config/declaration.h"
#include "config/response_place.h"
#include "config/types.h"
#include "config/values.h"
#include "core/pattern.h"

namespace pagehaul::config {
namespace {

Type<StatusRange> status_range() {
    return leaf<StatusRange>({
        .expected = "an HTTP status such as 429, or statuses such as 5xx or 500-504",
        .parse = [](std::string_view text) -> tl::expected<StatusRange, std::string> {
            const auto range = parse_status_range(text);
            if (!range) return not_expected();
            return *range;
        },
        .write = [](const StatusRange& range) { return Node::plain(write_status_range(range)); },
        .schema = Node::mapping().with(
            "anyOf", Node::sequence(
                         {Node::mapping()
                              .with("type", Node::string("integer"))
                              .with("minimum", Node::number(100))
                              .with("maximum", Node::number(599)),
                          Node::mapping()
                              .with("type", Node::string("string"))
                              .with("pattern", Node::string("^([1-5][0-9]{2}(-[1-5][0-9]{2})?|[1-5]xx)$"))})),
        .is_text = true,
    });
}

Type<std::string> some_text() {
    return ruled_text("a text that is not empty", "^.+$",
                      [](auto text) { return text.empty() ? std::optional<std::string>("") : std::nullopt; });
}

Type<std::string> regular_expression() {
    return ruled_text("a regular expression", "^.+$", [](auto text) -> std::optional<std::string> {
        if (text.empty()) return "";
        const auto pattern = Pattern::compile(text);
        if (pattern) return std::nullopt;
        return "expected a regular expression (RE2's syntax): " + pattern.error().message;
    });
}

bool check_condition(const Node& node, Reader& reader, Condition& condition) {
    const bool placed = condition.pointer || condition.header;
    if (condition.pointer && condition.header)
        return reader.refuse_member(node, "header",
                                    "expected either pointer or header: write two conditions, in a list");
    int operands = 0;
    for (const char* key : {"equals", "in", "contains", "matches"})
        operands += node.get(key) != nullptr ? 1 : 0;
    operands += (condition.absent ? 1 : 0) + (condition.null ? 1 : 0);
    if (!placed && operands > 0)
        return reader.refuse(
            node, "expected pointer or header beside equals, in, contains, matches, absent or is_null");
    if (!placed && condition.status.empty() && !condition.text)
        return reader.refuse(node, "expected status, text, pointer or header");
    if (placed && operands != 1)
        return reader.refuse(
            node,
            std::string("expected exactly one of equals, in, contains, matches, absent and is_null beside ") +
                (condition.pointer ? "pointer" : "header"));
    if (condition.null && condition.header)
        return reader.refuse_member(node, "is_null", "expected absent: a header is never null");
    return true;
}

/// Only `true` says something: the absence of a condition needs no word.
Type<bool> only_true() {
    const Type<bool> plain = boolean();
    return type_of<bool>({
        .read =
            [plain](const Node& node, Reader& reader, bool& out) {
                if (!plain.read(node, reader, out)) return false;
                return out || reader.refuse(node, "expected true, or the key left out");
            },
        .show = [plain](const Node* node, const bool& value) { return plain.show(node, value); },
        .schema = [plain] { return plain.schema(); },
    });
}

Object<Condition> declare_condition() {
    return Object<Condition>()
        .key("status", &Condition::status,
             list_of(status_range(), "a list of HTTP status codes, of 5xx or of 500-504", 1),
             "The HTTP status is one of these: 429, 5xx, 500-504.")
        .key("text", &Condition::text, optionally(some_text()), "The body holds this text, anywhere.")
        .key("pointer", &Condition::pointer, optionally(json_pointer("a place in the response")),
             "JSON pointer into the response, beside one of equals, in, contains, matches, absent and "
             "is_null.")
        .key("header", &Condition::header, optionally(response_header_name()),
             "The response's header of this name, beside one of the same.")
        .key("equals", &Condition::equals, optionally(slice_value(true)), "What stands there is this.")
        .key("in", &Condition::in, list_of(slice_value(true), "a list of values", 1),
             "What stands there equals one of these.")
        .key("contains", &Condition::contains, optionally(some_text()),
             "The string that stands there holds this text.")
        .key("matches", &Condition::matches, optionally(regular_expression()),
             "This regular expression (RE2's syntax) is found in the string that stands there.")
        .key("absent", &Condition::absent, only_true(), "Nothing stands there.")
        .key("is_null", &Condition::null, only_true(), "JSON null stands there.")
        .check({"status", "text", "pointer", "header", "equals", "in", "contains", "matches", "absent",
                "is_null"},
               check_condition);
}

/// One condition, or a list of several that all hold.
Type<Conditions> conditions() {
    const Type<Condition> one = declare_condition();
    const Type<Conditions> several = list_of(one, "a condition, or a list of conditions", 1);
    return type_of<Conditions>({
        .read =
            [one, several](const Node& node, Reader& reader, Conditions& out) {
                if (!node.is_sequence()) return one.read(node, reader, out.emplace_back());
                return several.read(node, reader, out);
            },
        .show =
            [one, several](const Node* node, const Conditions& all) {
                const bool alone = all.size() == 1 && (node == nullptr || !node->is_sequence());
                return alone ? one.show(node, all.front()) : several.show(node, all);
            },
        .schema =
            [one, several] {
                return Node::mapping().with("anyOf", Node::sequence({one.schema(), several.schema()}));
            },
    });
}

bool check_wait(const Node& node, Reader& reader, Wait& wait) {
    if (wait.pointer.has_value() != wait.header.has_value()) return true;
    return reader.refuse(node, "expected exactly one of pointer and header");
}

Object<Wait> declare_wait() {
    return Object<Wait>()
        .key("header", &Wait::header, optionally(response_header_name()),
             "The response's header of this name.")
        .key("pointer", &Wait::pointer, optionally(json_pointer("a place in the response")),
             "JSON pointer into the response.")
        .required("as", &Wait::as,
                  choice<WaitUnit>({{"seconds", WaitUnit::seconds},
                                    {"milliseconds", WaitUnit::milliseconds},
                                    {"epoch", WaitUnit::epoch}}),
                  "What the number there is: a span, or the second since 1970 at which to come back.")
        .check({"header", "pointer"}, check_wait);
}

bool check_rule(const Node& node, Reader& reader, Rule& rule) {
    bool good = true;
    for (const std::string key : {"pause", "wait", "for"}) {
        if (rule.then != RuleAction::throttle && node.get(key) != nullptr)
            good = reader.refuse_member(node, key, "expected " + key + " only with then: throttle");
    }
    return good;
}

Object<Rule> declare_rule() {
    return Object<Rule>()
        .required("when", &Rule::when, conditions(), "What must all hold of a response.")
        .required(
            "then", &Rule::then,
            choice<RuleAction>({{"retry", RuleAction::retry},
                                {"throttle", RuleAction::throttle},
                                {"refresh_credential", RuleAction::refresh_credential},
                                {"skip", RuleAction::skip},
                                {"split", RuleAction::split},
                                {"end", RuleAction::end},
                                {"fail", RuleAction::fail}}),
            "What the response means; end: there are no more pages; skip: the page counts as one without "
            "records, and the summary says how many did; split: the API does not serve so large a slice to "
            "its end, and the halves of its window are pulled instead.")
        .key("pause", &Rule::pause, optionally(duration(Millis(1), Millis(86'400'000))),
             "throttle: the least pause where the API names none.")
        .key("wait", &Rule::wait, optionally(Type<Wait>(declare_wait())),
             "throttle: where the API says how long to wait; else Retry-After does.")
        .key("for", &Rule::scope,
             choice<ThrottleScope>({{"source", ThrottleScope::source},
                                    {"slice", ThrottleScope::slice},
                                    {"request", ThrottleScope::request}}),
             "throttle: who waits: all requests to the source, those of the slice, or this one alone.")
        .check({"then", "pause", "wait", "for"}, check_rule);
}

bool check_otherwise(const Node& node, Reader& reader, ResponseRules& response) {
    if (!response.otherwise || !response.success.empty()) return true;
    return reader.refuse_member(node, "otherwise", "expected success beside it: otherwise than what?");
}

}  // namespace

Object<ResponseRules> declare_response() {
    return Object<ResponseRules>()
        .key("success", &ResponseRules::success, conditions(),
             "What a good response says beside its HTTP status: a condition, or a list of which all hold.")
        .key("rules", &ResponseRules::rules,
             list_of(Type<Rule>(declare_rule()), "a list of rules {when: {…}, then: …}"),
             "The first rule that matches decides; without one the HTTP status does.")
        .key("otherwise", &ResponseRules::otherwise,
             optionally(choice<Otherwise>({{"retry", Otherwise::retry}, {"fail", Otherwise::fail}})),
             "What a response means that fails success and that no rule knows. retry: it is tried again like "
             "a 5xx, for all of source.retry.attempts; fail: it is refused at once; left out: it is tried "
             "again three times, then refused.")
        .check({"success", "otherwise"}, check_otherwise);
}

}  // namespace pagehaul::config
