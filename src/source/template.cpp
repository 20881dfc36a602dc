#include "source/template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "http/url.h"

namespace pagehaul::source {
namespace {

struct Piece {
    std::string_view literal;
    std::string_view placeholder;  ///< trimmed; empty behind the last literal
    bool whole = false;            ///< the text is this placeholder and nothing else
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

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

void append_number(std::string& out, std::int64_t number) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    static_cast<void>(error);  // 24 characters hold every int64
    out.append(digits.data(), end);
}

const config::SliceValue* find_param(const Slice& slice, const std::string& name) {
    const auto found = std::find_if(slice.params.begin(), slice.params.end(),
                                    [&](const auto& param) { return param.first == name; });
    return found == slice.params.end() ? nullptr : &found->second;
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

Result<void> Template::add(std::string_view placeholder, Form form) {
    Segment segment{
        .literal = std::exchange(tail_, {}), .variable = Variable::slice, .name = {}, .form = form};
    if (placeholder == "page.number") {
        segment.variable = Variable::page_number;
    } else if (placeholder == "page.offset") {
        segment.variable = Variable::page_offset;
    } else if (placeholder == "page.size") {
        segment.variable = Variable::page_size;
    } else if (placeholder.starts_with("slice.") && placeholder.size() > 6) {
        segment.name = placeholder.substr(6);
    } else {
        return fail(ErrorKind::config, where_,
                    "unknown placeholder; expected {{ slice.NAME }}, {{ page.number }}, {{ page.offset }} or "
                    "{{ page.size }}");
    }
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

Result<void> Template::expand(std::string& out, const TemplateValues& values) const {
    for (const Segment& segment : segments_) {
        out += segment.literal;
        switch (segment.variable) {
            case Variable::page_number:
                append_number(out, values.page_number);
                continue;
            case Variable::page_offset:
                append_number(out, values.page_offset);
                continue;
            case Variable::page_size:
                append_number(out, values.page_size);
                continue;
            case Variable::slice:
                break;
        }
        const config::SliceValue* const value = find_param(values.slice, segment.name);
        if (value == nullptr) {
            return fail(ErrorKind::config, where_,
                        "the slice \"" + values.slice.key + "\" has no parameter " + segment.name);
        }
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
