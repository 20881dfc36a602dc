#include "source/requests.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "http/authorize.h"
#include "http/url.h"
#include "source/pagination.h"
#include "source/template.h"

namespace pagehaul::source {
namespace {

constexpr std::string_view kUserAgent = "pagehaul/" PAGEHAUL_VERSION;

Template compiled(Result<Template> result) {
    if (!result) throw Failure(std::move(result.error()));
    return std::move(*result);
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return lower(x) == lower(y);
    });
}

}  // namespace

struct Requests::Impl {
    struct Named {
        std::string name;  ///< of a query parameter: encoded
        Template value;
    };

    std::string method;
    config::Pagination pagination;
    Template path;  ///< with the base URL's path before it
    bool path_has_query = false;
    std::vector<Named> query;
    std::vector<Named> headers;
    std::optional<Template> body;
    std::string content_type;
};

Requests::Requests(const config::Source& source) : impl_(std::make_unique<Impl>()) {
    const Result<http::Url> base = http::parse_url(source.base_url);
    if (!base) throw Failure(ErrorKind::config, "source.base_url", base.error().message);
    impl_->method = source.request.method;
    impl_->pagination = source.pagination;
    impl_->path = compiled(Template::compile(http::join_path(base->path, source.request.path), Encoding::path,
                                             "source.request.path"));
    impl_->path_has_query = source.request.path.find('?') != std::string::npos;
    for (const auto& [name, value] : source.request.query) {
        impl_->query.push_back(
            {http::encode_component(name),
             compiled(Template::compile(value, Encoding::component, "source.request.query." + name))});
    }
    bool has_accept = false;
    bool has_agent = false;
    for (const auto& [name, value] : source.request.headers) {
        const std::string where = "source.request.headers." + name;
        has_accept = has_accept || same_name(name, "Accept");
        has_agent = has_agent || same_name(name, "User-Agent");
        if (same_name(name, "Content-Type") && source.request.body) {
            impl_->content_type = value.value;
            continue;
        }
        impl_->headers.push_back({name, compiled(Template::compile(value.value, Encoding::plain, where))});
    }
    const auto literal = [](std::string_view text) {
        return compiled(Template::compile(text, Encoding::plain, ""));
    };
    if (!has_accept) impl_->headers.push_back({"Accept", literal("application/json")});
    if (!has_agent) impl_->headers.push_back({"User-Agent", literal(kUserAgent)});
    if (source.request.body) {
        impl_->body = compiled(Template::compile_json(source.request.body->text, "source.request.body"));
        if (impl_->content_type.empty()) impl_->content_type = "application/json";
    }
}

Requests::~Requests() = default;

Result<http::Request> Requests::build(const Slice& slice, std::int64_t no,
                                      const Credential& credential) const {
    const Impl& it = *impl_;
    const TemplateValues values{.slice = slice,
                                .page_number = page_number(it.pagination, no),
                                .page_offset = page_offset(it.pagination, no),
                                .page_size = it.pagination.size};
    http::Request request{.method = it.method};
    if (auto done = it.path.expand(request.target, values); !done) return tl::unexpected(done.error());
    char separator = it.path_has_query ? '&' : '?';
    for (const Impl::Named& parameter : it.query) {
        request.target += std::exchange(separator, '&');
        request.target += parameter.name;
        request.target += '=';
        if (auto done = parameter.value.expand(request.target, values); !done) {
            return tl::unexpected(done.error());
        }
    }
    request.headers.reserve(it.headers.size() + 1);
    for (const Impl::Named& header : it.headers) {
        std::string value;
        if (auto done = header.value.expand(value, values); !done) return tl::unexpected(done.error());
        if (!http::safe_in_header(value)) {
            return fail(ErrorKind::config, "source.request.headers." + header.name,
                        "the expanded header must not hold CR, LF or NUL (slice " + slice.key + ")");
        }
        request.headers.emplace_back(header.name, std::move(value));
    }
    if (auto done = http::authorize(request, credential.auth, "source.auth"); !done) {
        return tl::unexpected(done.error());
    }
    if (it.body) {
        if (auto done = it.body->expand(request.body, values); !done) return tl::unexpected(done.error());
        request.content_type = it.content_type;
    }
    return request;
}

record::ColumnValues Requests::column_values(const config::Sink& sink, const Slice& slice) const {
    const TemplateValues values{.slice = slice};
    record::ColumnValues out;
    out.reserve(sink.columns.size());
    for (const config::Column& column : sink.columns) {
        if (!column.value) {
            out.emplace_back();
            continue;
        }
        const std::string where = "sink.columns." + column.name + ".value";
        std::string text;
        const auto done =
            compiled(Template::compile(*column.value, Encoding::plain, where)).expand(text, values);
        if (!done) throw Failure(done.error());
        out.emplace_back(std::move(text));
    }
    return out;
}

}  // namespace pagehaul::source
