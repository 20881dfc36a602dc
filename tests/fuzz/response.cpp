// What a server may answer: the head line by line, then a body, in its encoding, to rows and a judgement.

#include "http/response_head.h"

#include <algorithm>
#include <string>

#include "http/content_encoding.h"
#include "http/url.h"
#include "property.h"
#include "record/decoder.h"
#include "source/judge.h"

using namespace pagehaul;
using fuzz::must;

namespace {

constexpr std::size_t kMost = 64UL << 10U;

config::Source api() {
    config::Source source;
    source.base_url = "https://api.test";
    source.request.path = "/rows";
    source.records.at = "/rows";
    source.response.success = {
        config::Condition{.pointer = "/code", .equals = config::SliceValue{.text = "0", .is_number = true}}};
    config::Rule rule;
    rule.when = {config::Condition{.pointer = "/code", .in = {{.text = "7", .is_number = true}}}};
    source.response.rules.push_back(std::move(rule));
    return source;
}

config::Sink sink() {
    config::Sink sink;
    sink.key = {"id"};
    config::Column id, name;
    id.name = "id";
    id.from = "/id";
    id.type = config::ColumnType::bigint;
    name.name = "name";
    name.from = "/name";
    name.optional = true;
    sink.columns = {id, name};
    return sink;
}

void check_headers(const http::Headers& headers) {
    for (const auto& [name, value] : headers) {
        must(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
             "a name is in lower case", name);
        must(!value.ends_with('\n') && !value.ends_with('\r') && !value.starts_with(' '),
             "a value is without its line's end", value);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    http::ResponseHead head;
    while (!head.complete() && !rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        if (const auto taken = head.take(rest.substr(0, end)); !taken) {
            must(taken.error().kind == ErrorKind::permanent,
                 "a head that is not to be believed is refused for good");
            return 0;
        }
        rest.remove_prefix(end);
    }
    if (!head.complete()) return 0;
    must(head.status() >= 200 && head.status() <= 999, "an interim answer is not the answer");
    http::Response response;
    const auto length = head.content_length();
    response.status = head.status();
    response.headers = head.take_headers();
    check_headers(response.headers);
    const bool chunked = !response.header("transfer-encoding").empty();
    must(!(chunked && length), "one framing, not two");
    must(!length || !response.header("content-length").empty(), "a length was told");

    response.body = http::Body::of(length ? rest.substr(0, *length) : rest);
    std::size_t reserved = response.body.size();
    const http::Bounds bounds{.max_body = kMost, .reserve = [&](std::size_t bytes) {
                                  reserved = bytes;
                                  return bytes <= kMost + 1;
                              }};
    if (!http::undo_content_encoding(response, bounds)) return 0;
    must(response.body.size() <= std::max(kMost, size), "a body is within its bound");
    must(response.body.size() <= reserved, "and within what was reserved for it");

    static const source::Judge judge(api());
    static record::Decoder decoder(sink(), judge.format());
    const auto page = decoder.decode(response.body.view(), 1, record::ColumnValues(2));
    const source::Judgement verdict =
        judge.judge(response, page, WallTime{std::chrono::seconds(1'790'000'000)});
    if (std::holds_alternative<source::Accept>(verdict)) {
        must(page && (page->has_records || page->instead.null),
             "what is accepted has rows, or says that there are none");
        must(response.status >= 200 && response.status < 300, "and says that it is one",
             std::to_string(response.status));
    }
    return 0;
}
