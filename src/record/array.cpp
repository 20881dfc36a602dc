#include "record/array.h"

#include <cstring>
#include <string>

namespace pagehaul::record {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

const char* string_end(const char* p, const char* end) {
    for (++p; p < end && *p != '"'; ++p) {
        if (*p == '\\') ++p;
    }
    return p + 1;
}

const char* container_end(const char* p, const char* end) {
    int depth = 0;
    do {
        if (*p == '"') {
            p = string_end(p, end);
            continue;
        }
        if (*p == '[' || *p == '{') ++depth;
        if (*p == ']' || *p == '}') --depth;
        ++p;
    } while (depth > 0);
    return p;
}

Kind scalar_kind(std::string_view text) {
    switch (text.front()) {
        case 't':
            return Kind::boolean_true;
        case 'f':
            return Kind::boolean_false;
        case 'n':
            return Kind::null;
        default:
            if (text.find_first_of("eE") != std::string_view::npos) return Kind::exponent;
            return text.find('.') == std::string_view::npos ? Kind::integer : Kind::decimal;
    }
}

}  // namespace

bool ArrayReader::next(Input& element) {
    while (p_ < end_ && (is_space(*p_) || *p_ == ','))
        ++p_;
    if (p_ == end_) return false;
    const char* const begin = p_;
    const auto until = [begin](const char* end) {
        return std::string_view(begin, static_cast<std::size_t>(end - begin));
    };
    if (*begin == '"') {
        p_ = string_end(begin, end_);
        const std::string_view inside = until(p_ - 1).substr(1);
        const bool escapes = inside.find('\\') != std::string_view::npos;
        element = {.text = inside, .kind = Kind::string, .plain = !escapes};
    } else if (*begin == '[' || *begin == '{') {
        p_ = container_end(begin, end_);
        element = {.text = until(p_), .kind = *begin == '[' ? Kind::array : Kind::object};
    } else {
        while (p_ < end_ && *p_ != ',' && !is_space(*p_))
            ++p_;
        element = {.text = until(p_), .kind = scalar_kind(until(p_)), .plain = true};
    }
    return true;
}

void quote_element(std::size_t mark, CopyBuffer& out) {
    const std::string value(out.since(mark));
    out.rewind(mark);
    out.put('"');
    for (std::size_t i = 0; i < value.size(); ++i) {
        // A backslash for the literal is two for COPY, and one of the value is two of the literal's.
        if (value[i] == '"') {
            out.raw("\\\\\"");
        } else if (value[i] == '\\' && value[i + 1] == '\\') {
            out.raw("\\\\\\\\");
            ++i;
        } else {
            out.put(value[i]);
        }
    }
    out.put('"');
}

}  // namespace pagehaul::record
