#include "source/template.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/trim.h"
#include "http/url.h"
#include "source/linking.h"
#include "source/slice_time.h"

namespace pagehaul::source {
namespace {

struct Piece {
    std::string_view literal;
    std::string_view placeholder;  ///< trimmed; empty behind the last literal
    bool whole = false;            ///< the text is this placeholder and nothing else
};

Result<std::vector<Piece>> split(std::string_view text, const std::string& where) {
    std::vector<Piece> pieces;
    const std::string_view all = text;
    while (true) {
        const std::size_t open = text.find("{{");
        if (open == std::string_view::npos) {
            if (!text.empty()) pieces.push_back({.literal = text, .placeholder = {}});
            return pieces;
        }
        const std::size_t close = text.find("}}", open);
        const std::string_view name =
            close == std::string_view::npos ? "" : trimmed(text.substr(open + 2, close - open - 2));
        if (name.empty()) {
            return fail(ErrorKind::config, where, "expected {{ slice.NAME }} or {{ page.number }} after {{");
        }
        const bool whole = open == 0 && text.size() == all.size() && close + 2 == text.size();
        pieces.push_back({.literal = text.substr(0, open), .placeholder = name, .whole = whole});
        text.remove_prefix(close + 2);
    }
}

/// Where the string that starts at `at` ends: behind its closing quote.
std::size_t string_end(std::string_view json, std::size_t at) {
    for (std::size_t i = at + 1; i < json.size(); ++i) {
        if (json[i] == '\\') {
            ++i;
        } else if (json[i] == '"') {
            return i + 1;
        }
    }
    return std::string_view::npos;
}

bool is_member_name(std::string_view json, std::size_t behind) {
    const std::size_t next = json.find_first_not_of(" \t\r\n", behind);
    return next != std::string_view::npos && json[next] == ':';
}

constexpr std::string_view kEnd = "_end";
constexpr std::string_view kNext = "_next";

/// The parameter, or the day behind a slice's last one.
std::optional<config::SliceValue> find_param(const Slice& slice, const std::string& name) {
    const auto find = [&](const std::string& wanted) {
        return std::find_if(slice.params.begin(), slice.params.end(),
                            [&](const auto& param) { return param.first == wanted; });
    };
    if (const auto found = find(name); found != slice.params.end()) return found->second;
    if (!name.ends_with(kNext)) return std::nullopt;
    const auto last = find(name.substr(0, name.size() - kNext.size()) + std::string(kEnd));
    if (last == slice.params.end()) return std::nullopt;
    auto day = next_day(last->second.text);
    if (!day) return std::nullopt;
    return config::SliceValue{.text = std::move(*day), .is_number = false};
}

/// The zone of the dimension that a parameter is of.
std::string zone_of(const std::vector<config::Dimension>* dimensions, std::string_view name) {
    const auto is_of = [name](const config::Dimension& dimension) {
        if (!name.starts_with(dimension.name)) return false;
        const std::string_view rest = name.substr(dimension.name.size());
        return rest.empty() || rest == kEnd || rest == kNext;
    };
    if (dimensions == nullptr) return "Etc/UTC";
    for (const config::Dimension& dimension : *dimensions) {
        const auto* const dates = std::get_if<config::DateDimension>(&dimension.values);
        if (dates != nullptr && is_of(dimension)) return dates->zone;
    }
    return "Etc/UTC";
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kHex[byte >> 4U];
            out += kHex[byte & 0x0FU];
        } else {
            out += c;
        }
    }
}

Result<void> Template::add(std::string_view text, Form form) {
    const auto placeholder = config::read_placeholder(text);
    if (!placeholder) return fail(ErrorKind::config, where_, placeholder.error());
    const std::string& name = placeholder->name;
    Segment segment{.literal = std::exchange(tail_, {}),
                    .variable = Variable::slice,
                    .name = {},
                    .form = form,
                    .filter = placeholder->filter};
    bool is_time = false;
    if (name == "page.number") {
        segment.variable = Variable::page_number;
    } else if (name == "page.offset") {
        segment.variable = Variable::page_offset;
    } else if (name == "page.size") {
        segment.variable = Variable::page_size;
    } else if (name == "page.token") {
        segment.variable = Variable::page_token;
    } else if (name == "stream.name") {
        segment.variable = Variable::stream_name;
    } else if (name == "run.id") {
        segment.variable = Variable::run_id;
    } else if (name == "run.started_at") {
        segment.variable = Variable::run_started_at;
        is_time = true;
    } else if (name.starts_with("slice.") && name.size() > 6) {
        segment.name = name.substr(6);
        is_time = true;
    } else {
        return fail(
            ErrorKind::config, where_,
            "unknown placeholder; expected {{ slice.NAME }}, {{ page.number }}, {{ page.offset }}, "
            "{{ page.size }}, {{ page.token }}, {{ stream.name }}, {{ run.id }} or {{ run.started_at }}");
    }
    if (segment.filter && !is_time)
        return fail(ErrorKind::config, where_, "expected no filter: it is no time");
    segments_.push_back(std::move(segment));
    return {};
}

Result<Template> Template::compile(std::string_view text, Encoding encoding, std::string_view where) {
    Template out;
    out.where_ = where;
    auto pieces = split(text, out.where_);
    if (!pieces) return tl::unexpected(std::move(pieces.error()));
    for (const Piece& piece : *pieces) {
        switch (encoding) {
            case Encoding::plain:
                out.tail_ += piece.literal;
                break;
            case Encoding::path:
                out.tail_ += http::encode_path(piece.literal);
                break;
            case Encoding::component:
                http::append_encoded_component(out.tail_, piece.literal);
                break;
        }
        if (piece.placeholder.empty()) continue;
        const auto added =
            out.add(piece.placeholder, encoding == Encoding::plain ? Form::plain : Form::component);
        if (!added) return tl::unexpected(added.error());
    }
    return out;
}

Result<Template> Template::compile_json(std::string_view json, std::string_view where) {
    Template out;
    out.where_ = where;
    if (!nlohmann::json::accept(json)) {
        return fail(ErrorKind::config, out.where_, "expected a JSON value");
    }
    for (std::size_t at = 0; at < json.size();) {
        const std::size_t quote = std::min(json.find('"', at), json.size());
        out.tail_ += json.substr(at, quote - at);
        if (quote == json.size()) break;
        at = string_end(json, quote);
        const std::string_view token = json.substr(quote, at - quote);
        if (token.find("{{") == std::string_view::npos || is_member_name(json, at)) {
            out.tail_ += token;
            continue;
        }
        const std::string text = nlohmann::json::parse(token).get<std::string>();
        auto pieces = split(text, out.where_);
        if (!pieces) return tl::unexpected(std::move(pieces.error()));
        const bool typed = pieces->size() == 1 && pieces->front().whole;
        if (!typed) out.tail_ += '"';
        for (const Piece& piece : *pieces) {
            append_json_escaped(out.tail_, piece.literal);
            if (piece.placeholder.empty()) continue;
            const auto added = out.add(piece.placeholder, typed ? Form::json_value : Form::json_string);
            if (!added) return tl::unexpected(added.error());
        }
        if (!typed) out.tail_ += '"';
    }
    return out;
}

Result<config::SliceValue> Template::filtered(const Segment& segment, const config::SliceValue& value,
                                              const TemplateValues& values) const {
    const auto time = read_slice_time(value.text, zone_of(values.dimensions, segment.name));
    if (!time) return fail(ErrorKind::config, where_, "expected a time before |, got another value");
    switch (segment.filter->kind) {
        case config::Filter::Kind::epoch:
            return config::SliceValue{.text = std::to_string(time->epoch), .is_number = true};
        case config::Filter::Kind::epoch_ms:
            return config::SliceValue{.text = std::to_string(time->epoch * 1000), .is_number = true};
        case config::Filter::Kind::format:
            break;
    }
    const auto pattern = TimePattern::compile(segment.filter->pattern);
    if (!pattern) return fail(ErrorKind::config, where_, pattern.error());
    return config::SliceValue{.text = pattern->write(time->shown), .is_number = false};
}

Result<config::SliceValue> Template::value_of(const Segment& segment, const TemplateValues& values) const {
    const auto number = [](std::int64_t value) {
        return config::SliceValue{.text = std::to_string(value), .is_number = true};
    };
    config::SliceValue value;
    switch (segment.variable) {
        case Variable::page_number:
            return number(values.page_number);
        case Variable::page_offset:
            return number(values.page_offset);
        case Variable::page_size:
            return number(values.page_size);
        case Variable::page_token:
            return token_value(values.page_token);
        case Variable::stream_name:
            return config::SliceValue{.text = values.slice.stream, .is_number = false};
        case Variable::run_id:
        case Variable::run_started_at:
            if (values.run == nullptr)
                return fail(ErrorKind::config, where_, "nothing is known of the run here");
            if (segment.variable == Variable::run_id)
                return config::SliceValue{.text = values.run->id, .is_number = true};
            value.text = values.run->started_at;
            break;
        case Variable::slice: {
            auto found = find_param(values.slice, segment.name);
            if (!found)
                return fail(ErrorKind::config, where_,
                            "the slice \"" + values.slice.key + "\" has no parameter " + segment.name);
            value = std::move(*found);
            break;
        }
    }
    return segment.filter ? filtered(segment, value, values) : value;
}

bool Template::holds_token() const {
    return std::any_of(segments_.begin(), segments_.end(),
                       [](const Segment& segment) { return segment.variable == Variable::page_token; });
}

Result<void> Template::expand(std::string& out, const TemplateValues& values) const {
    for (const Segment& segment : segments_) {
        out += segment.literal;
        const auto value = value_of(segment, values);
        if (!value) return tl::unexpected(value.error());
        switch (segment.form) {
            case Form::plain:
                out += value->text;
                break;
            case Form::component:
                http::append_encoded_component(out, value->text);
                break;
            case Form::json_string:
                append_json_escaped(out, value->text);
                break;
            case Form::json_value:
                if (!value->is_number) out += '"';
                append_json_escaped(out, value->text);
                if (!value->is_number) out += '"';
                break;
        }
    }
    out += tail_;
    return {};
}

}  // namespace pagehaul::source
