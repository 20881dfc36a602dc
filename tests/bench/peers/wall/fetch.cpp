#include "fetch.h"

#include <charconv>
#include <string_view>
#include <utility>
#include <variant>

#include "core/error.h"

namespace bench {
namespace {

using pagehaul::ErrorKind;
using pagehaul::Failure;

pagehaul::http::Request request_for(const pagehaul::config::Source& source, std::int64_t number) {
    pagehaul::http::Request request;
    request.method = source.request.method;
    request.target = source.request.path;
    request.content_type = "application/json";
    request.body = R"({"page_num":)" + std::to_string(number) + R"(,"page_size":)" +
                   std::to_string(source.pagination.size) + "}";
    if (const auto* header = std::get_if<pagehaul::config::AuthHeader>(&source.auth)) {
        request.headers.emplace_back(header->name, header->value.value);
    }
    return request;
}

/// The decoder puts a row's position first, for the staging table; the target has no such column.
std::string without_position(std::string_view lines) {
    std::string out;
    out.reserve(lines.size());
    while (!lines.empty()) {
        const auto tab = lines.find('\t') + 1;
        const auto end = lines.find('\n', tab) + 1;
        out.append(lines, tab, end - tab);
        lines.remove_prefix(end);
    }
    return out;
}

}  // namespace

Fetcher::Fetcher(const pagehaul::config::Config& config, pagehaul::http::Transport& transport)
    : config_(config),
      transport_(transport),
      decoder_(config.sink, {config.source.records.at, {"/code", "/data/total_count"}}),
      values_(config.sink.columns.size()) {}

Page Fetcher::fetch(std::int64_t number, std::stop_token stop) {
    const auto origin = "page " + std::to_string(number);
    auto response = transport_.send(request_for(config_.source, number), {}, std::move(stop));
    if (!response) throw Failure(response.error());
    if (response->status != 200) {
        throw Failure(ErrorKind::transient, origin, "status " + std::to_string(response->status));
    }
    auto decoded = decoder_.decode(response->body.view(), number, values_);
    if (!decoded) throw Failure(decoded.error());
    if (decoded->envelope[0].text != "0") {
        throw Failure(ErrorKind::permanent, origin, "code " + decoded->envelope[0].text);
    }
    if (!decoded->bad.empty()) throw Failure(ErrorKind::data, origin, decoded->bad.front().reason);
    Page page;
    const auto& total = decoded->envelope[1].text;
    std::from_chars(total.data(), total.data() + total.size(), page.total);
    page.copy = without_position(decoded->copy);
    return page;
}

}  // namespace bench
