#include <algorithm>
#include <array>

#include "config/declaration.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/values.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

std::optional<std::string> path_fault(std::string_view path) {
    if (!path.starts_with('/')) return "expected a path that begins with /, appended to source.base_url";
    if (path.starts_with("//")) return "expected a path that begins with one /";
    const auto found = placeholders(path);
    if (!found) return found.error();
    // Blanks may stand in placeholders only.
    std::string outside;
    for (std::size_t i = 0; i < path.size();) {
        if (path.substr(i).starts_with("{{")) {
            i = path.find("}}", i) + 2;
        } else {
            outside += path[i++];
        }
    }
    if (outside.find_first_of("?#") != std::string::npos) {
        return "expected a path without ? and #: parameters belong in source.request.query";
    }
    if (std::any_of(outside.begin(), outside.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; })) {
        return "expected a path without blanks and control characters";
    }
    return std::nullopt;
}

// Header names are equal whatever their case: a second spelling is a duplicate that YAML does not see.
bool check_headers(const Node& node, Reader& reader, Request& request) {
    bool good = true;
    std::vector<std::string> seen;
    for (const auto& [name, value] : request.headers) {
        if (std::find(seen.begin(), seen.end(), lower(name)) != seen.end()) {
            good =
                reader.refuse_below(node, {"headers", name}, "duplicate header: names differ in case only");
        }
        seen.push_back(lower(name));
        if (is_credential_header(name)) reader.add_secret(value.value);
    }
    return good;
}

bool check_body(const Node& node, Reader& reader, Request& request) {
    if (!request.body || request.method != "GET") return true;
    return reader.refuse_member(node, "body", "expected no body with method GET; use POST, or query");
}

Type<std::vector<std::pair<std::string, Secret>>> headers() {
    const auto check = [](const std::string& name) { return header_name_fault(name); };
    const auto plain = dictionary<Secret>(header_value(), "a mapping of header names to values", check);
    using Entries = std::vector<std::pair<std::string, Secret>>;
    return type_of<Entries>({
        .read = [plain](const Node& node, Reader& reader,
                        Entries& out) { return plain.read(node, reader, out); },
        .show =
            [plain](const Node* node, const Entries& entries) {
                Node shown = plain.show(node, entries);
                for (Member& member : shown.members) {
                    const Node* written = node == nullptr ? nullptr : node->get(member.key);
                    const bool variable = written != nullptr && written->has_variables;
                    if (is_credential_header(member.key) && !variable)
                        member.value = Node::string("(literal)");
                }
                return shown;
            },
        .schema = [plain] { return plain.schema(); },
    });
}

}  // namespace

std::optional<std::string> header_name_fault(std::string_view name) {
    static constexpr std::array<std::string_view, 8> ours{"host",
                                                          "content-length",
                                                          "transfer-encoding",
                                                          "connection",
                                                          "accept-encoding",
                                                          "expect",
                                                          "content-encoding",
                                                          "upgrade"};
    if (!is_header_name(name)) return "expected a header's name: letters, digits and !#$%&'*+-.^_`|~";
    if (std::find(ours.begin(), ours.end(), lower(name)) != ours.end()) {
        return "expected another header: pagehaul sets this one itself";
    }
    return std::nullopt;
}

bool is_credential_header(std::string_view name) {
    static constexpr std::array<std::string_view, 8> signs{"auth",     "token",  "key",     "secret",
                                                           "password", "cookie", "session", "signature"};
    const std::string text = lower(name);
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
}

Object<Request> declare_request() {
    const auto any_name = [](const std::string& name) -> std::optional<std::string> {
        if (!name.empty()) return std::nullopt;
        return "expected a parameter's name, not an empty one";
    };
    return Object<Request>()
        .key("method", &Request::method, choice<std::string>({{"GET", "GET"}, {"POST", "POST"}}),
             "The request must be safe to repeat.")
        .required("path", &Request::path, ruled_text("a path that begins with /", "^/", path_fault),
                  "Appended to source.base_url; a template.")
        .key("query", &Request::query,
             dictionary<std::string>(template_text(), "a mapping of parameter names to values", any_name),
             "Query parameters; their values are templates.")
        .key("headers", &Request::headers, headers(), "Request headers; their values are templates.")
        .key("body", &Request::body, optionally(json_document()), "A JSON body; strings in it are templates.")
        .check({"headers"}, check_headers)
        .check({"method", "body"}, check_body);
}

namespace {

bool check_total(const Node& node, Reader& reader, Total& total) {
    if (total.rows.has_value() != total.pages.has_value()) return true;
    return reader.refuse(node, "expected exactly one of rows and pages");
}

bool check_pagination(const Node& node, Reader& reader, Pagination& pagination) {
    if (pagination.type == PaginationType::page_number || node.get("first") == nullptr) return true;
    return reader.refuse_member(node, "first", "expected no first with type offset: offsets begin at 0");
}

}  // namespace

Object<Pagination> declare_pagination() {
    const auto total =
        Object<Total>()
            .key("rows", &Total::rows, optionally(json_pointer("where the number of rows is")),
                 "JSON pointer to the number of rows of the slice.")
            .key("pages", &Total::pages, optionally(json_pointer("where the number of pages is")),
                 "JSON pointer to the number of pages of the slice; the proof is then of pages.")
            .key("told_on", &Total::told_on,
                 choice<TotalScope>(
                     {{"first_page", TotalScope::first_page}, {"every_page", TotalScope::every_page}}),
                 "On which pages the API tells it.")
            .key("trust", &Total::trust,
                 choice<TotalTrust>({{"exact", TotalTrust::exact}, {"advisory", TotalTrust::advisory}}),
                 "advisory: the API counts otherwise, and completeness is shown by pages only.")
            .check({"rows", "pages"}, check_total);
    return Object<Pagination>()
        .key("type", &Pagination::type,
             choice<PaginationType>(
                 {{"page_number", PaginationType::page_number}, {"offset", PaginationType::offset}},
                 {"cursor", "next_link", "link_header"}),
             "How a page is named: by {{ page.number }} or by {{ page.offset }}.")
        .key("first", &Pagination::first, integer(0, 1'000'000),
             "The number of the first page (page_number).")
        .key("size", &Pagination::size, integer(1, 1'000'000), "Rows asked for in one page, {{ page.size }}.")
        .key("total", &Pagination::total, optionally(Type<Total>(total)),
             "Where the API tells how much there is; left out: the end is found by empty pages.")
        .key("max_pages", &Pagination::max_pages, integer(1, 10'000'000),
             "The most pages of one slice; reaching it fails the slice.")
        .later("cursor")
        .later("next")
        .later("depth_cap")
        .check({"type", "first"}, check_pagination);
}

namespace {

struct When {
    std::vector<int> status;
    std::optional<std::string> pointer;
    std::vector<SliceValue> in;
    std::optional<std::string> contains;
};

bool check_when(const Node& node, Reader& reader, When& when) {
    const bool in = node.get("in") != nullptr;
    if (when.status.empty() && !when.pointer) return reader.refuse(node, "expected status or pointer");
    if (!when.pointer && (in || when.contains))
        return reader.refuse(node, "expected pointer beside in or contains");
    if (when.pointer && in == when.contains.has_value()) {
        return reader.refuse(node, "expected exactly one of in and contains beside pointer");
    }
    return true;
}

Object<When> declare_when() {
    return Object<When>()
        .key("status", &When::status, list_of(small_integer(100, 599), "a list of HTTP status codes", 1),
             "The HTTP status is one of these.")
        .key("pointer", &When::pointer, optionally(json_pointer("a place in the response")),
             "JSON pointer into the response.")
        .key("in", &When::in, list_of(slice_value(true), "a list of values", 1),
             "What the pointer names equals one of these.")
        .key("contains", &When::contains,
             optionally(ruled_text(
                 "a text that is not empty", "^.+$",
                 [](auto text) { return text.empty() ? std::optional<std::string>("") : std::nullopt; })),
             "The string that the pointer names holds this text.")
        .check({"status", "pointer", "in", "contains"}, check_when);
}

// A rule is written {when: {…}, then: …} and read flat.
struct WrittenRule {
    When when;
    RuleAction then = RuleAction::fail;
    std::optional<Millis> pause;
};

bool check_rule(const Node& node, Reader& reader, WrittenRule& rule) {
    if (!rule.pause || rule.then == RuleAction::throttle) return true;
    return reader.refuse_member(node, "pause", "expected pause only with then: throttle");
}

Object<WrittenRule> declare_written_rule() {
    return Object<WrittenRule>()
        .required("when", &WrittenRule::when, Type<When>(declare_when()), "What must all hold of a response.")
        .required("then", &WrittenRule::then,
                  choice<RuleAction>({{"retry", RuleAction::retry},
                                      {"throttle", RuleAction::throttle},
                                      {"refresh_credential", RuleAction::refresh_credential},
                                      {"end", RuleAction::end},
                                      {"fail", RuleAction::fail}},
                                     {"skip", "split"}),
                  "What the response means; end: there are no more pages.")
        .key("pause", &WrittenRule::pause, optionally(duration(Millis(1), Millis(86'400'000))),
             "throttle: the least pause where the API names none.")
        .check({"then", "pause"}, check_rule);
}

Type<Rule> declare_rule() {
    const Type<WrittenRule> written = declare_written_rule();
    return type_of<Rule>({
        .read =
            [written](const Node& node, Reader& reader, Rule& out) {
                WrittenRule rule;
                if (!written.read(node, reader, rule)) return false;
                out = {.status = std::move(rule.when.status),
                       .pointer = std::move(rule.when.pointer),
                       .in = std::move(rule.when.in),
                       .contains = std::move(rule.when.contains),
                       .then = rule.then,
                       .pause = rule.pause};
                return true;
            },
        .show =
            [written](const Node* node, const Rule& rule) {
                return written.show(node, {.when = {.status = rule.status,
                                                    .pointer = rule.pointer,
                                                    .in = rule.in,
                                                    .contains = rule.contains},
                                           .then = rule.then,
                                           .pause = rule.pause});
            },
        .schema = [written] { return written.schema(); },
    });
}

bool check_otherwise(const Node& node, Reader& reader, ResponseRules& response) {
    if (!response.otherwise || response.success) return true;
    return reader.refuse_member(node, "otherwise", "expected success beside it: otherwise than what?");
}

}  // namespace

Object<ResponseRules> declare_response() {
    const auto success =
        Object<Success>()
            .required("pointer", &Success::pointer, json_pointer("a place in the response"),
                      "JSON pointer into the response.")
            .required("equals", &Success::equals, slice_value(true), "What stands there in a good response.");
    return Object<ResponseRules>()
        .key("success", &ResponseRules::success, optionally(Type<Success>(success)),
             "What a good response says beside its HTTP status.")
        .key("rules", &ResponseRules::rules, list_of(declare_rule(), "a list of rules {when: {…}, then: …}"),
             "The first rule that matches decides; without one the HTTP status does.")
        .key("otherwise", &ResponseRules::otherwise,
             optionally(choice<Otherwise>({{"retry", Otherwise::retry}, {"fail", Otherwise::fail}})),
             "What a response means that fails success and that no rule knows. retry: it is tried again like "
             "a 5xx, for all of source.retry.attempts; fail: it is refused at once; left out: it is tried "
             "again three times, then refused.")
        .check({"success", "otherwise"}, check_otherwise);
}

}  // namespace pagehaul::config
