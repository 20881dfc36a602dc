#include "source/requests.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "http/authorize.h"
#include "http/url.h"
#include "source/linking.h"
#include "source/pagination.h"

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

struct Named {
    std::string name;  ///< of a parameter: encoded
    Template value;
    bool is_json = false;  ///< of a parameter: what comes out is still to be encoded
};

}  // namespace

struct Requests::Impl {
    std::string method;
    config::Pagination pagination;
    std::vector<config::Dimension> dimensions;
    Template path;  ///< with the base URL's path before it
    bool path_has_query = false;
    std::vector<Named> query;
    std::vector<Named> headers;
    std::optional<Template> body;
    std::optional<Template> first_body;  ///< without what would hold a token
    std::vector<Named> form;
    std::string content_type;
};

namespace {

std::vector<Named> parameters(const config::Parameters& written, const std::string& where) {
    std::vector<Named> out;
    for (const auto& [name, value] : written) {
        const std::string at = where + "." + name;
        if (value.json)
            out.push_back(
                {http::encode_component(name), compiled(Template::compile_json(value.json->text, at)), true});
        for (const std::string& text : value.texts)
            out.push_back(
                {http::encode_component(name), compiled(Template::compile(text, Encoding::component, at))});
    }
    return out;
}

Result<void> append(std::string& out, const Named& parameter, const TemplateValues& values) {
    out += parameter.name;
    out += '=';
    if (!parameter.is_json) return parameter.value.expand(out, values);
    std::string json;
    if (auto done = parameter.value.expand(json, values); !done) return done;
    http::append_encoded_component(out, json);
    return {};
}

}  // namespace

Requests::Requests(const config::Source& source) : impl_(std::make_unique<Impl>()) {
    const Result<http::Url> base = http::parse_url(source.base_url);
    if (!base) throw Failure(ErrorKind::config, "source.base_url", base.error().message);
    impl_->method = source.request.method;
    impl_->pagination = source.pagination;
    impl_->dimensions = source.slices;
    impl_->path = compiled(Template::compile(http::join_path(base->path, source.request.path), Encoding::path,
                                             "source.request.path"));
    impl_->path_has_query = source.request.path.find('?') != std::string::npos;
    impl_->query = parameters(source.request.query, "source.request.query");
    impl_->form = parameters(source.request.form, "source.request.form");
    const bool has_body = source.request.body || !impl_->form.empty();
    bool has_accept = false;
    bool has_agent = false;
    for (const auto& [name, value] : source.request.headers) {
        const std::string where = "source.request.headers." + name;
        has_accept = has_accept || same_name(name, "Accept");
        has_agent = has_agent || same_name(name, "User-Agent");
        if (same_name(name, "Content-Type") && has_body) {
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
        impl_->first_body = impl_->body;
        if (impl_->body->holds_token())
            impl_->first_body = compiled(
                Template::compile_json(without_token(source.request.body->text), "source.request.body"));
        if (impl_->content_type.empty()) impl_->content_type = "application/json";
    }
    if (!impl_->form.empty() && impl_->content_type.empty())
        impl_->content_type = "application/x-www-form-urlencoded";
}

Requests::~Requests() = default;

Result<http::Request> Requests::build(const Slice& slice, std::int64_t no, const Credential& credential,
                                      const Start& start) const {
    const Impl& it = *impl_;
    const std::string_view token = start.token;
    const TemplateValues values{.slice = slice,
                                .page_number = page_number(it.pagination, no),
                                .page_offset = start.behind ? offset_behind(it.pagination, *start.behind)
                                                            : page_offset(it.pagination, no),
                                .page_size = it.pagination.size,
                                .page_token = token,
                                .dimensions = &it.dimensions};
    http::Request request{.method = it.method};
    const bool by_link = !token.empty() && config::is_by_link(it.pagination.type);
    if (by_link) request.target = token_value(token).text;
    if (!by_link) {
        if (auto done = it.path.expand(request.target, values); !done) return tl::unexpected(done.error());
    }
    char separator = it.path_has_query ? '&' : '?';
    for (const Named& parameter : it.query) {
        if (by_link || (token.empty() && parameter.value.holds_token())) continue;
        request.target += std::exchange(separator, '&');
        if (auto done = append(request.target, parameter, values); !done) return tl::unexpected(done.error());
    }
    request.headers.reserve(it.headers.size() + 1);
    for (const Named& header : it.headers) {
        if (token.empty() && header.value.holds_token()) continue;
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
        const Template& body = token.empty() ? *it.first_body : *it.body;
        if (auto done = body.expand(request.body, values); !done) return tl::unexpected(done.error());
        request.content_type = it.content_type;
    }
    for (const Named& parameter : it.form) {
        if (token.empty() && parameter.value.holds_token()) continue;
        if (!request.body.empty()) request.body += '&';
        if (auto done = append(request.body, parameter, values); !done) return tl::unexpected(done.error());
        request.content_type = it.content_type;
    }
    return request;
}

record::ColumnValues Requests::column_values(const config::Sink& sink, const Slice& slice,
                                             const RunFacts& run) const {
    const TemplateValues values{.slice = slice, .dimensions = &impl_->dimensions, .run = &run};
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
