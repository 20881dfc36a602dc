#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "record/convert.h"
#include "record/copy_buffer.h"
#include "record/json_reader.h"

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

  private:
    using Converter = Refusal (*)(const Input&, CopyBuffer&, std::string*);

    Refusal adjusted(const JsonReader& reader, const Slot& slot, bool record_has_escapes, CopyBuffer& out,
                     std::string& key, std::int32_t& nul_replaced);
    Refusal finish(Input& input, CopyBuffer& out, std::string& key);
    Refusal write(const Input& input, CopyBuffer& out, std::string& key) const;
    Refusal null(CopyBuffer& out) const;
    bool means_null(std::string_view text) const;
    bool strip(std::string_view text);

    std::string name_;
    config::ColumnType type_;
    Converter convert_;  // null for jsonb, which takes raw JSON
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
};

}  // namespace pagehaul::record
