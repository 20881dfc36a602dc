#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "record/convert.h"
#include "record/copy_buffer.h"
#include "record/json_reader.h"
#include "record/time_format.h"

namespace pagehaul::record {

/// A column of the config, ready to convert: what to strip and what means NULL, applied before the type.
/// Used by one thread (it reuses a buffer).
class ColumnPlan {
  public:
    ColumnPlan(const config::Column& column, bool is_key);

    const std::string& name() const { return name_; }
    bool is_key() const { return is_key_; }

    /// Writes the column's field from a value in the body and, for a key column, appends its length-prefixed
    /// canonical form to `key`. On refusal both are to be rewound by the caller.
    Refusal from_record(const JsonReader& reader, const Slot& slot, bool record_has_escapes, CopyBuffer& out,
                        std::string& key, std::int32_t& nul_replaced) {
        if (direct_ && !record_has_escapes && slot.kind >= Kind::boolean_true && slot.kind <= Kind::string) {
            return convert_(Input{reader.view(slot), slot.kind, true}, out, nullptr);
        }
        return adjusted(reader, slot, record_has_escapes, out, key, nul_replaced);
    }
    /// The same from the text of a `value` template.
    Refusal from_text(std::string_view text, CopyBuffer& out, std::string& key, std::int32_t& nul_replaced);
    /// Between two pages.
    void clear() {
        clear_scratch(unescaped_);
        clear_scratch(stripped_);
    }

  private:
    using Converter = Refusal (*)(const Input&, CopyBuffer&, std::string*);

    Refusal adjusted(const JsonReader& reader, const Slot& slot, bool record_has_escapes, CopyBuffer& out,
                     std::string& key, std::int32_t& nul_replaced);
    Refusal elements(std::string_view raw, CopyBuffer& out, std::int32_t& nul_replaced);
    Refusal element(Input input, CopyBuffer& out, std::int32_t& nul_replaced);
    Refusal finish(Input& input, CopyBuffer& out, std::string& key);
    Refusal convert(const Input& input, CopyBuffer& out, std::string* key) const {
        return format_ ? format_->convert(input, out, key) : convert_(input, out, key);
    }
    Refusal write(const Input& input, CopyBuffer& out, std::string& key) const;
    Refusal null(CopyBuffer& out) const;
    bool cleaned_to_null(Input& input);
    bool means_null(std::string_view text) const;
    bool strip(std::string_view text);

    std::string name_;
    config::ColumnType type_;
    bool array_;
    Converter convert_;                 // of an element, for an array; null for jsonb, which takes raw JSON
    std::optional<TimeFormat> format_;  // instead of convert_
    bool is_key_;
    bool optional_;
    bool whole_record_;
    std::vector<std::string> null_if_;
    std::size_t longest_null_ = 0;
    std::vector<std::string> strip_;      // one UTF-8 character each
    bool adjusts_;                        // strip or null_if is given
    bool direct_;                         // nothing but the type is between the text and the field
    std::array<bool, 256> strip_lead_{};  // first bytes of strip_
    std::string unescaped_;
    std::string stripped_;
    std::string element_refusal_;
};

/// What converts a column's `value`: by the column's own rules, but where `from` reads the record beside it
/// these are the record's.
ColumnPlan plan_of_value(const config::Column& column);

/// The hash of a key as rows have it (DecodedPage::key_hashes), from what PostgreSQL writes of it, dates in
/// ISO style. Used by one thread.
class KeyText {
  public:
    explicit KeyText(const config::Sink& sink);
    /// The key's columns in the order that `hash` wants.
    const std::vector<std::string>& columns() const { return names_; }
    /// nullopt: no record has such a key.
    std::optional<std::int64_t> hash(const std::vector<std::optional<std::string>>& texts);

  private:
    std::vector<std::string> names_;
    std::vector<ColumnPlan> plans_;
    std::string key_;
};

/// A column that is a parameter of the slice, and its value there as the table takes it; absent: NULL.
struct SliceField {
    std::string column;
    std::optional<std::string> text;
};
/// Those of `sink`. `values`: what its `value` templates are in the slice. Fails (kind config) where a value
/// does not suit its column.
Result<std::vector<SliceField>> slice_fields(const config::Sink& sink,
                                             const std::vector<std::optional<std::string>>& values);

}  // namespace pagehaul::record
