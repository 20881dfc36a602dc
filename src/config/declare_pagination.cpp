#include <algorithm>
#include <string>
#include <vector>

#include "config/declaration.h"
#include "config/response_place.h"
#include "config/types.h"
#include "config/values.h"

namespace pagehaul::config {
namespace {

bool check_total(const Node& node, Reader& reader, Total& total) {
    if (total.rows.has_value() != total.pages.has_value()) return true;
    return reader.refuse(node, "expected exactly one of rows and pages");
}

bool check_token(const Node& node, Reader& reader, Token& token) {
    if (token.header.has_value() != token.last.has_value()) return true;
    return reader.refuse(node, "expected exactly one of header and last");
}

/// A pointer as a text, the rest as a mapping.
Type<Token> declare_token() {
    const Type<std::string> pointer = json_pointer("where the next page's token is");
    const Type<Token> mapping =
        Object<Token>()
            .key("header", &Token::header, optionally(response_header_name()),
                 "The response header that holds the token.")
            .key("last", &Token::last, optionally(json_pointer("where the token is in the last record")),
                 "JSON pointer into the page's last record.")
            .check({"header", "last"}, check_token);
    return type_of<Token>({
        .read =
            [pointer, mapping](const Node& node, Reader& reader, Token& out) {
                if (!node.is_scalar()) return mapping.read(node, reader, out);
                return pointer.read(node, reader, out.pointer.emplace());
            },
        .show =
            [pointer, mapping](const Node* node, const Token& token) {
                return token.pointer ? pointer.show(node, *token.pointer) : mapping.show(node, token);
            },
        .schema =
            [pointer, mapping] {
                return Node::mapping(
                    {{.key = "anyOf", .value = Node::sequence({pointer.schema(), mapping.schema()})}});
            },
    });
}

/// The keys that only some types have.
bool refuse_foreign_keys(const Node& node, Reader& reader, const Pagination& pagination) {
    using enum PaginationType;
    struct Own {
        std::string key;
        std::vector<PaginationType> types;
    };
    bool good = true;
    for (const Own& own : {Own{"first", {page_number, offset}}, Own{"end", {page_number, offset}},
                           Own{"token", {cursor}}, Own{"link", {next_link}}}) {
        const bool may = std::find(own.types.begin(), own.types.end(), pagination.type) != own.types.end();
        if (may || node.get(own.key) == nullptr) continue;
        good = reader.refuse_member(
            node, own.key,
            "expected no " + own.key + " with type " + std::string(pagination_name(pagination.type)));
    }
    return good;
}

bool check_type(const Node& node, Reader& reader, Pagination& pagination) {
    if (pagination.type == PaginationType::none) return true;
    bool good = refuse_foreign_keys(node, reader, pagination);
    if (pagination.type == PaginationType::offset && pagination.first.value_or(0) > 1)
        good =
            reader.refuse_member(node, "first", "expected 0 or 1 with type offset: where its offsets begin");
    if (is_linked(pagination.type) && node.get("size") == nullptr) pagination.size = 0;
    if (pagination.type == PaginationType::cursor && node.get("token") == nullptr)
        good = reader.refuse(node, "expected token beside type cursor: where the next page's token is");
    if (pagination.type == PaginationType::next_link && node.get("link") == nullptr)
        good = reader.refuse(node, "expected link beside type next_link: where the next page's URL is");
    return good;
}

// What speaks of pages says nothing of one request.
bool check_one_request(const Node& node, Reader& reader, Pagination& pagination) {
    if (pagination.type != PaginationType::none) return true;
    bool good = true;
    for (const std::string key : {"first", "size", "more", "end", "max_pages", "token", "link"}) {
        if (node.get(key) != nullptr)
            good = reader.refuse_member(node, key,
                                        "expected no " + key + " with type none: it is one request a slice");
    }
    return good;
}

// Nothing else tells before the cap is reached.
bool check_max_rows(const Node& node, Reader& reader, Pagination& pagination) {
    if (!pagination.max_rows) return true;
    const bool numbered =
        pagination.type == PaginationType::page_number || pagination.type == PaginationType::offset;
    if (numbered && pagination.total && pagination.total->rows) return true;
    return reader.refuse_member(
        node, "max_rows",
        "expected type page_number or offset, and total.rows, beside max_rows: the total says whether there "
        "are more; where none is told a rule of source.response.rules may say then: split");
}

bool check_end(const Node& node, Reader& reader, Pagination& pagination) {
    if (is_linked(pagination.type)) return true;
    bool good = true;
    for (const std::string key : {"more", "end"}) {
        if (pagination.total && node.get(key) != nullptr)
            good = reader.refuse_member(node, key, "expected no " + key + " beside total: it tells the end");
    }
    if (pagination.more && node.get("end") != nullptr)
        good = reader.refuse_member(node, "end", "expected no end beside more: it tells the end");
    return good;
}

}  // namespace

std::string_view pagination_name(PaginationType type) {
    switch (type) {
        case PaginationType::page_number:
            return "page_number";
        case PaginationType::offset:
            return "offset";
        case PaginationType::cursor:
            return "cursor";
        case PaginationType::next_link:
            return "next_link";
        case PaginationType::link_header:
            return "link_header";
        case PaginationType::none:
            return "none";
    }
    return "";
}

Object<Pagination> declare_pagination() {
    const auto total =
        Object<Total>()
            .key("rows", &Total::rows, optionally(response_place("the number of rows")),
                 "The number of rows of the slice: a JSON pointer, or {header: X-Total}.")
            .key("pages", &Total::pages, optionally(response_place("the number of pages")),
                 "The number of pages of the slice, told in the same ways; the proof is then of pages.")
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
             choice<PaginationType>({{"page_number", PaginationType::page_number},
                                     {"offset", PaginationType::offset},
                                     {"cursor", PaginationType::cursor},
                                     {"next_link", PaginationType::next_link},
                                     {"link_header", PaginationType::link_header},
                                     {"none", PaginationType::none}}),
             "How a page is named: by {{ page.number }}, by {{ page.offset }}, or, where each page tells of "
             "the next one, by its {{ page.token }} (cursor), by its URL in the answer (next_link) or in its "
             "Link header (link_header); none: one request a slice.")
        .key("first", &Pagination::first, optionally(integer(0, 1'000'000)),
             "The number of the first page, 1 unless said otherwise; or its offset, 0 or 1, and 0 unless "
             "said otherwise.")
        .key("size", &Pagination::size, integer(1, 1'000'000),
             "Rows asked for in one page, {{ page.size }}. A page of more than twice as many, and of over "
             "1000 more, "
             "is refused. Where pages tell of the next one it may be left out, and a page may have any "
             "number.")
        .derived()
        .key("total", &Pagination::total, optionally(Type<Total>(total)),
             "Where the API tells how much there is; left out: the end is found.")
        .key("more", &Pagination::more, optionally(json_pointer("whether there are more pages")),
             "JSON pointer to true or false: whether pages follow this one. The first that says false is the "
             "last; with cursor and links left out where the token or the URL tells it.")
        .key("end", &Pagination::end,
             choice<PagesEnd>({{"empty_pages", PagesEnd::empty_pages},
                               {"short_page", PagesEnd::short_page},
                               {"repeated_page", PagesEnd::repeated_page}}),
             "What the end is where nothing tells it. empty_pages: two empty pages in a row; short_page: the "
             "first page that is not full; repeated_page: the page before once more, or an empty one.")
        .key("max_pages", &Pagination::max_pages, integer(1, 10'000'000),
             "The most pages of one slice; reaching it fails the slice.")
        .key("max_rows", &Pagination::max_rows, optionally(integer(1, 1'000'000'000'000)),
             "The most rows that the API serves of one slice. Of a slice with a larger total the two halves "
             "of its window (source.slices: dates, hours) are pulled instead, and so on; where there is "
             "nothing to halve it fails. An API whose total stops at its cap: one less than that.")
        .key("token", &Pagination::token, optionally(declare_token()),
             "cursor: JSON pointer to the next page's token, or {header: NAME}, or {last: POINTER} into the "
             "page's last record; missing, null or empty on the last page, which has no records where they "
             "tell it.")
        .key("link", &Pagination::link, optionally(json_pointer("where the next page's URL is")),
             "next_link: JSON pointer to the next page's URL, at the origin of source.base_url; missing, "
             "null or empty on the last page.")
        .later("cursor")
        .later("next")
        .check({"type", "first", "size", "token", "link", "end"}, check_type)
        .check({"type"}, check_one_request)
        .check({"type", "total", "max_rows"}, check_max_rows)
        .check({"type", "total", "more", "end"}, check_end);
}

}  // namespace pagehaul::config
