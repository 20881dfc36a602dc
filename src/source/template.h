#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "source/slices.h"

namespace pagehaul::source {

/// What the placeholders of one request stand for.
struct TemplateValues {
    const Slice& slice;
    std::int64_t page_number = 0;
    std::int64_t page_offset = 0;
    std::int64_t page_size = 0;
};

/// How text is written where it lands.
enum class Encoding {
    plain,      ///< as it is: headers, column values
    path,       ///< literal text keeps a path's own signs, values are one encoded component
    component,  ///< literal text and values are encoded: query names and values
};

/// Text with `{{ slice.NAME }}` and `{{ page.number | offset | size }}`, compiled once into segments.
/// Constant and thread-safe after compile().
class Template {
  public:
    /// Errors (kind config, origin `where`) name the placeholder that is wrong.
    static Result<Template> compile(std::string_view text, Encoding encoding, std::string_view where);
    /// A JSON text whose strings may hold placeholders. One that is a whole value keeps its type: a page
    /// number, or a slice value that is a number, is written as a number. Member names are literal. Numbers
    /// stay as they are written.
    static Result<Template> compile_json(std::string_view json, std::string_view where);

    /// Appends the expanded text. Error (kind config, origin `where`): the slice has no such parameter.
    Result<void> expand(std::string& out, const TemplateValues& values) const;

  private:
    enum class Variable { slice, page_number, page_offset, page_size };
    enum class Form { plain, component, json_string, json_value };
    /// `literal`, already encoded, then the variable.
    struct Segment {
        std::string literal;
        Variable variable = Variable::slice;
        std::string name;  ///< of the slice parameter
        Form form = Form::plain;
    };

    Result<void> add(std::string_view placeholder, Form form);

    std::string where_;
    std::vector<Segment> segments_;
    std::string tail_;  ///< literal text behind the last segment, and where literals are collected
};

/// Appends `text` as the inside of a JSON string.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace pagehaul::source
