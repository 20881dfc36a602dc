#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/placeholders.h"
#include "core/error.h"
#include "source/slices.h"

namespace pagehaul::source {

/// What `{{ run.… }}` stands for.
struct RunFacts {
    std::string id = "0";
    std::string started_at = "1970-01-01T00:00:00Z";  ///< UTC
};

/// What the placeholders of one request stand for.
struct TemplateValues {
    const Slice& slice;
    std::int64_t page_number = 0;
    std::int64_t page_offset = 0;
    std::int64_t page_size = 0;
    std::string_view page_token{};  ///< a JSON scalar, as source/linking.h writes it; empty: there is none
    const std::vector<config::Dimension>* dimensions = nullptr;  ///< whose zones filters know; null: UTC
    const RunFacts* run = nullptr;
};

/// How text is written where it lands.
enum class Encoding {
    plain,      ///< as it is: headers, column values
    path,       ///< literal text keeps a path's own signs, values are one encoded component
    component,  ///< literal text and values are encoded: query names and values
};

/// Text with `{{ slice.NAME }}` and `{{ page.number | offset | size | token }}`, compiled once into segments.
/// A time of a slice or the run may have a filter (config/placeholders.h); `{{ slice.NAME_next }}` is the day
/// behind a slice's last one. Constant and thread-safe after compile().
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
    /// Whether it holds `{{ page.token }}`: nothing is sent of it where there is none.
    bool holds_token() const;

  private:
    enum class Variable {
        slice,
        page_number,
        page_offset,
        page_size,
        page_token,
        stream_name,
        run_id,
        run_started_at
    };
    enum class Form { plain, component, json_string, json_value };
    /// `literal`, already encoded, then the variable.
    struct Segment {
        std::string literal;
        Variable variable = Variable::slice;
        std::string name;  ///< of the slice parameter
        Form form = Form::plain;
        std::optional<config::Filter> filter{};
    };
    /// A value as text, and whether it is a number.
    Result<config::SliceValue> value_of(const Segment& segment, const TemplateValues& values) const;
    Result<config::SliceValue> filtered(const Segment& segment, const config::SliceValue& value,
                                        const TemplateValues& values) const;

    Result<void> add(std::string_view text, Form form);

    std::string where_;
    std::vector<Segment> segments_;
    std::string tail_;  ///< literal text behind the last segment, and where literals are collected
};

/// Appends `text` as the inside of a JSON string.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace pagehaul::source
